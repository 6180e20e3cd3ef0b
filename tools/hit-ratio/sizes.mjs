/** Of the keys: which shares are worth a look. */
const SHARES = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5];

/** Sizes for a trace of so many keys: round numbers, evenly spread on a logarithmic scale. */
export function defaultSizes(unique) {
  const sizes = SHARES.map((share) => twoDigits(unique * share)).filter((size) => size >= 1 && size < unique);
  return sizes.length === 0 ? [Math.max(1, unique)] : [...new Set(sizes)];
}

function twoDigits(number) {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(number)) - 1);
  return Math.round(number / unit) * unit;
}
