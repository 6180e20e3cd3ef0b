import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { CacheMisuseError } from '../../core/index.js';

/** A file of the page. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** Changes with the bytes. */
  readonly etag: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.txt': 'text/plain; charset=utf-8',
};

/** The files of the page, read when somebody asks for the first one. Nothing else of the folder, or of the disk, is found. */
export class PageFiles {
  private files: Promise<ReadonlyMap<string, PageFile>> | undefined = undefined;

  constructor(private readonly folder: string) {}

  async get(name: string): Promise<PageFile | undefined> {
    this.files ??= readAll(this.folder);
    try {
      return (await this.files).get(name);
    } catch (error) {
      this.files = undefined;
      throw new CacheMisuseError(
        `the files of the dashboard are not in ${this.folder}; where a bundler moved the code of nestjs-strata away from ` +
          `them, tell it to leave nestjs-strata in node_modules`,
        { cause: error },
      );
    }
  }
}

async function readAll(folder: string): Promise<ReadonlyMap<string, PageFile>> {
  const names = (await readdir(folder)).filter((name) => extname(name) in TYPES);
  return new Map(
    await Promise.all(
      names.map(async (name): Promise<[string, PageFile]> => {
        const bytes = await readFile(join(folder, name));
        const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
        return [name, { type: TYPES[extname(name)] as string, bytes, etag }];
      }),
    ),
  );
}
