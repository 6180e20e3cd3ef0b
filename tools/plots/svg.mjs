/** Colours that are told apart with any kind of sight (Okabe, Ito), on light and on dark ground. */
const COLOURS = ['#d55e00', '#0072b2', '#009e73', '#cc79a7', '#e69f00', '#56b4e9', '#8c6d31'];

/** Follows the reader's choice of light or dark; without one it is light. The ground is part of the picture. */
const STYLE = `<style>
  .ground { fill: #ffffff } text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d8dee4 }
  .grey { fill: #7f8790 } .grey-line { stroke: #7f8790 }
  @media (prefers-color-scheme: dark) {
    .ground { fill: #0d1117 } text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #30363d }
  }
</style>`;

/** A picture of so many pixels; it grows and shrinks with its place. */
export function picture(width, height, parts) {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="system-ui, sans-serif" font-size="12">`,
    STYLE,
    `<rect class="ground" width="100%" height="100%" rx="6"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

export function at(x, y, parts) {
  return `<g transform="translate(${round(x)} ${round(y)})">\n${parts.join('\n')}\n</g>`;
}

export function text(x, y, content, attributes = '') {
  return `<text x="${round(x)}" y="${round(y)}"${attributes && ` ${attributes}`}>${escaped(content)}</text>`;
}

/** A line of the grid with its number at the left. */
export function gridLine(left, right, y, label) {
  return [
    `<line class="grid" x1="${left}" x2="${right}" y1="${round(y)}" y2="${round(y)}"/>`,
    text(left - 8, y + 4, label, 'class="faint" text-anchor="end"'),
  ].join('');
}

/** A square of each colour with its name, one after the other. */
export function legend(x, y, names, colour) {
  let left = x;
  return names.map((name, index) => {
    const from = left;
    left += 38 + name.length * 7;
    return `<rect x="${from}" y="${y - 10}" width="12" height="12" rx="2" fill="${colour(name, index)}"/>${text(from + 18, y, name)}`;
  });
}

export function colourOf(index) {
  return COLOURS[index % COLOURS.length];
}

/** Where a value stands between two ends of a scale. */
export function scale(from, to, start, end) {
  return (value) => (to === from ? (start + end) / 2 : start + ((value - from) / (to - from)) * (end - start));
}

export function round(number) {
  return Math.round(number * 10) / 10;
}

function escaped(content) {
  return String(content).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
