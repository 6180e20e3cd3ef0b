/** A log for apps of which a test expects failures. */
export const silence = {
  log: () => {},
  warn: () => {},
  error: () => {},
};
