import { BadRequestException, Injectable } from '@nestjs/common';
import { type Cache, Cacheable, CacheMisuseError, InjectCache } from 'nestjs-strata';
import { DatabaseService } from '../database/database.service.js';
import { Searches } from './search.caches.js';

const BY_NAME = `select id from cities where name ilike $1 order by population desc, id limit 20`;

@Injectable()
export class SearchService {
  constructor(
    private readonly database: DatabaseService,
    @InjectCache(Searches) private readonly searches: Cache<string, number[]>,
  ) {}

  /** The ids of the twenty largest cities whose name contains the text, in lower case. */
  @Cacheable(Searches, { key: (text: string) => text })
  async search(text: string): Promise<number[]> {
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const rows = await this.database.query<{ id: number }>(BY_NAME, [pattern]);
    return rows.map((row) => row.id);
  }

  /** Forgets the searches whose text matches a glob, such as `ber*`; how many there were. */
  async forget(pattern: string): Promise<number> {
    try {
      return await this.searches.invalidateMatching(pattern);
    } catch (error) {
      // A glob with an unclosed bracket, say: the reader's mistake.
      if (error instanceof CacheMisuseError) throw new BadRequestException(error.message);
      throw error;
    }
  }
}
