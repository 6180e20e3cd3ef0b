import { Injectable } from '@nestjs/common';
import { DatabaseService } from '../database/database.service.js';

const BY_NAME = `select id from cities where name ilike $1 order by population desc, id limit 20`;

@Injectable()
export class SearchService {
  constructor(private readonly database: DatabaseService) {}

  /** The ids of the twenty largest cities whose name contains the text, in lower case. */
  async search(text: string): Promise<number[]> {
    const pattern = `%${text.replace(/[\\%_]/g, '\\$&')}%`;
    const rows = await this.database.query<{ id: number }>(BY_NAME, [pattern]);
    return rows.map((row) => row.id);
  }
}
