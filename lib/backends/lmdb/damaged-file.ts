/** Codes with which LMDB says that a file cannot be used: MDB_INCOMPATIBLE, MDB_INVALID, MDB_VERSION_MISMATCH, MDB_PANIC, MDB_CORRUPTED, MDB_PAGE_NOTFOUND. */
const DAMAGE_CODES: readonly unknown[] = [-30784, -30793, -30794, -30795, -30796, -30797];

/** A data file that cannot be used. */
export class DamagedFileError extends Error {
  override readonly name = 'DamagedFileError';
}

/** Whether an error says that the file is at fault. */
export function isDamage(error: unknown): boolean {
  return error instanceof DamagedFileError || DAMAGE_CODES.includes(codeOf(error));
}

/** What Node and LMDB tell errors apart by. */
export function codeOf(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
}
