const HEIGHT = 16;
const MARKS = ['●', '○', '▲', '△', '■', '□', '◆', '◇', '✚', '✖'];
const AXIS_WIDTH = 7;

/** Hit ratio against size (logarithmic) in characters: a mark for each policy, `*` where two fall on one place. */
export function plotText({ columns, rows }, terminalWidth) {
  const width = Math.max(20, Math.min(100, terminalWidth) - AXIS_WIDTH - 2);
  const grid = Array.from({ length: HEIGHT }, () => new Array(width).fill(' '));
  const all = rows.flatMap((row) => row.hits);
  const low = Math.min(...all);
  const high = Math.max(...all, low + 0.001);
  const xOf = scale(Math.log(rows[0].size), Math.log(rows.at(-1).size), width);
  const yOf = scale(high, low, HEIGHT);
  for (let column = 0; column < columns.length; column++) {
    for (const row of rows) {
      const line = grid[yOf(row.hits[column])];
      const x = xOf(Math.log(row.size));
      line[x] = line[x] === ' ' ? MARKS[column % MARKS.length] : '*';
    }
  }
  const lines = grid.map((line, at) => {
    const ratio = high - ((high - low) * at) / (HEIGHT - 1);
    const label = at % 5 === 0 ? `${(ratio * 100).toFixed(1)} %` : '';
    return `${label.padStart(AXIS_WIDTH)} │${line.join('').trimEnd()}`;
  });
  const first = String(rows[0].size);
  const last = String(rows.at(-1).size);
  const axis = `${' '.repeat(AXIS_WIDTH)} └${'─'.repeat(width)}`;
  const ends = `${' '.repeat(AXIS_WIDTH + 2)}${first}${last.padStart(Math.max(last.length + 1, width - first.length))}`;
  const legend = columns.map((column, at) => `${MARKS[at % MARKS.length]} ${column}`).join('   ');
  return [...lines, axis, ends, '', `${' '.repeat(AXIS_WIDTH + 2)}${legend}   * several`].join('\n');
}

function scale(from, to, steps) {
  return (value) => (to === from ? 0 : Math.round(((value - from) / (to - from)) * (steps - 1)));
}
