/** A setting that cannot be used; the message names the variable or the argument, and says what it takes. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}
