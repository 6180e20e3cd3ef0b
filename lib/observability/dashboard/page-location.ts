import { join } from 'node:path';
import process from 'node:process';

/**
 * The folder of the page's files. The build writes this module anew in each of its outputs, where the folder's place is
 * known from their own; the sources themselves use what was built last.
 */
export const PAGE_FOLDER = join(process.cwd(), 'dist', 'page');
