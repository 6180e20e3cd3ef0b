/** The median, and the least and the greatest of some numbers. */
export function spread(numbers) {
  const sorted = numbers.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const median = sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
  return { median, least: sorted[0], greatest: sorted.at(-1), count: sorted.length };
}

/**
 * The spread of the ratios between two rows, paired by round: what disturbs the machine in one round disturbs both.
 * Undefined when no round has both.
 */
export function pairedRatios(rounds, base, value) {
  const ratios = [];
  rounds.forEach((round, index) => {
    const reference = base[index];
    if (round !== undefined && reference !== undefined) ratios.push(value(round) / value(reference));
  });
  return ratios.length === 0 ? undefined : spread(ratios);
}
