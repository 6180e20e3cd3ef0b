const WIDTH = 720;
const HEIGHT = 400;
const LEFT = 64;
const RIGHT = 136;
const TOP = 48;
const BOTTOM = 56;
/** Colours that are told apart with any kind of sight (Okabe, Ito). */
const COLOURS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6d31', '#7f7f7f'];
const OPTIMUM_COLOUR = '#7f7f7f';

/** One plot under the other: hit ratio against size (logarithmic), a line for each policy, the optimum dashed. */
export function plotSvg(results) {
  const plots = results.map((result, at) => `<g transform="translate(0 ${at * HEIGHT})">${plot(result)}</g>`);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT * results.length}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="100%" height="100%" fill="#ffffff"/>`,
    ...plots,
    '</svg>\n',
  ].join('\n');
}

function plot({ title, columns, rows }) {
  const ratios = rows.flatMap((row) => row.hits);
  const high = Math.min(1, Math.ceil(Math.max(...ratios) * 10 + 0.001) / 10);
  const low = Math.max(0, Math.floor(Math.min(...ratios) * 10) / 10);
  const x = axis(Math.log(rows[0].size), Math.log(rows.at(-1).size), LEFT, WIDTH - RIGHT);
  const y = axis(low, high, HEIGHT - BOTTOM, TOP);
  const lines = columns.map((column, at) => {
    const points = rows.map((row) => `${round(x(Math.log(row.size)))},${round(y(row.hits[at]))}`);
    return { column, at, points, end: y(rows.at(-1).hits[at]) };
  });
  return [
    `<text x="${LEFT}" y="26" font-size="15" font-weight="600">${escaped(title)}</text>`,
    ...verticalTicks(low, high).map((ratio) => horizontalLine(ratio, y(ratio))),
    ...rows.map(({ size }) => sizeLabel(size, x(Math.log(size)))),
    `<text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 12}" text-anchor="middle" fill="#555555">entries</text>`,
    ...lines.map(({ column, at, points }) => line(column, at, points)),
    ...labels(lines),
  ].join('\n');
}

function line(column, at, points) {
  const style = column === 'optimum' ? 'stroke-dasharray="5 4" stroke-width="1.5"' : 'stroke-width="2"';
  return `<polyline fill="none" stroke="${colourOf(column, at)}" ${style} points="${points.join(' ')}"/>`;
}

/** The names at the ends of the lines, moved apart where lines end close together. */
function labels(lines) {
  let lowest = -Infinity;
  return lines
    .toSorted((a, b) => a.end - b.end)
    .map(({ column, at, end }) => {
      lowest = Math.max(end, lowest + 15);
      return `<text x="${WIDTH - RIGHT + 10}" y="${round(lowest + 4)}" fill="${colourOf(column, at)}" font-weight="600">${escaped(column)}</text>`;
    });
}

function horizontalLine(ratio, y) {
  return [
    `<line x1="${LEFT}" x2="${WIDTH - RIGHT}" y1="${round(y)}" y2="${round(y)}" stroke="#e4e4e4"/>`,
    `<text x="${LEFT - 8}" y="${round(y + 4)}" text-anchor="end" fill="#555555">${Math.round(ratio * 100)} %</text>`,
  ].join('');
}

function sizeLabel(size, x) {
  const text = size >= 10_000 ? `${+(size / 1_000).toPrecision(3)}k` : String(size);
  return `<text x="${round(x)}" y="${HEIGHT - BOTTOM + 20}" text-anchor="middle" fill="#555555">${text}</text>`;
}

function verticalTicks(low, high) {
  const step = high - low > 0.5 ? 0.2 : 0.1;
  const ticks = [];
  for (let ratio = low; ratio <= high + 1e-9; ratio += step) ticks.push(ratio);
  return ticks;
}

function colourOf(column, at) {
  return column === 'optimum' ? OPTIMUM_COLOUR : COLOURS[at % COLOURS.length];
}

function axis(from, to, start, end) {
  return (value) => (to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start));
}

function round(number) {
  return Math.round(number * 10) / 10;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
