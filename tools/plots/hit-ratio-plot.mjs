import { at, colourOf, gridLine, picture, round, scale, text } from './svg.mjs';

/** Where the lines of a plot run, and how much room is left of, right of, over and under them. */
const SHAPES = {
  wide: { width: 720, height: 400, left: 64, right: 136, top: 62, bottom: 56, mostSizes: 9 },
  narrow: { width: 340, height: 340, left: 50, right: 88, top: 62, bottom: 56, mostSizes: 5 },
};
const OPTIMUM = 'optimum';
const GREY = '#7f8790';

/** Hit ratio against size (logarithmic), a line for each policy, the optimum dashed: one wide plot under the other. */
export function hitRatioPlots(results) {
  const { width, height } = SHAPES.wide;
  const plots = results.map((result, index) => at(0, index * height, plot(result, SHAPES.wide)));
  return picture(width, height * results.length, plots);
}

/** The same, narrow and side by side. */
export function hitRatioRow(results) {
  const { width, height } = SHAPES.narrow;
  const plots = results.map((result, index) => at(index * width, 0, plot(result, SHAPES.narrow)));
  return picture(width * results.length, height, plots);
}

function plot({ title, columns, rows }, shape) {
  const { width, height, left, top, bottom } = shape;
  const right = width - shape.right;
  const ratios = rows.flatMap((row) => row.hits);
  const high = Math.min(1, Math.ceil(Math.max(...ratios) * 10 + 0.001) / 10);
  const low = Math.max(0, Math.floor(Math.min(...ratios) * 10) / 10);
  const x = scale(Math.log(rows[0].size), Math.log(rows.at(-1).size), left, right);
  const y = scale(low, high, height - bottom, top);
  const lines = columns.map((column, index) => {
    const points = rows.map((row) => `${round(x(Math.log(row.size)))},${round(y(row.hits[index]))}`);
    return { column, index, points, end: y(rows.at(-1).hits[index]) };
  });
  const [name, about] = title.split(': ');
  return [
    text(left, 24, name, 'font-size="15" font-weight="600"'),
    text(left, 42, `${about === undefined ? '' : `${about}; `}hit ratio`, 'class="faint"'),
    ...ticks(low, high).map((ratio) => gridLine(left, right, y(ratio), `${Math.round(ratio * 100)} %`)),
    ...labelled(rows, shape.mostSizes).map(({ size }) => sizeLabel(size, x(Math.log(size)), height - bottom + 20)),
    text((left + right) / 2, height - 12, 'entries in the cache', 'class="faint" text-anchor="middle"'),
    ...lines.map(line),
    ...names(lines, right + 10),
  ];
}

function line({ column, index, points }) {
  const style = column === OPTIMUM ? 'stroke-dasharray="5 4" stroke-width="1.5"' : 'stroke-width="2"';
  return `<polyline fill="none" stroke="${lineColour(column, index)}" ${style} points="${points.join(' ')}"/>`;
}

/** The names at the ends of the lines, moved apart where lines end close together. */
function names(lines, x) {
  let lowest = -Infinity;
  return lines
    .toSorted((a, b) => a.end - b.end)
    .map(({ column, index, end }) => {
      lowest = Math.max(end, lowest + 15);
      return text(x, lowest + 4, column, `style="fill: ${lineColour(column, index)}" font-weight="600"`);
    });
}

/** As many of the sizes as have room for their label, the first and the last among them. */
function labelled(rows, most) {
  const step = Math.ceil((rows.length - 1) / (most - 1));
  return rows.filter((_, index) => (rows.length - 1 - index) % Math.max(1, step) === 0);
}

function sizeLabel(size, x, y) {
  const label = size >= 10_000 ? `${+(size / 1_000).toPrecision(3)}k` : String(size);
  return text(x, y, label, 'class="faint" text-anchor="middle"');
}

function ticks(low, high) {
  const step = high - low > 0.5 ? 0.2 : 0.1;
  const found = [];
  for (let ratio = low; ratio <= high + 1e-9; ratio += step) found.push(ratio);
  return found;
}

function lineColour(column, index) {
  return column === OPTIMUM ? GREY : colourOf(index);
}
