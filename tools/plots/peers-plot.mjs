import { at, colourOf, gridLine, legend, picture, scale, text } from './svg.mjs';

const WIDTH = 510;
const HEIGHT = 320;
const LEFT = 46;
const RIGHT = 16;
const TOP = 64;
const BOTTOM = 40;
const LEGEND = 34;
const BASE = 'lru-cache';

const SPEED = {
  title: 'Million operations a second',
  about: '100,000 entries, string keys; more is better',
  groups: [
    ['get or put, zipf', 'memory/100000/string/get-or-put'],
    ['hit', 'memory/100000/string/hit'],
    ['put, evicting', 'memory/100000/string/put'],
  ],
};
const BYTES = {
  title: 'Bytes per entry, beside key and value',
  about: '1,000,000 entries; less is better',
  groups: [
    ['without ttl', 'limits/1000000/bytes', 'filled'],
    ['with ttl', 'limits/1000000/ttl/bytes', 'filled'],
  ],
};

/** What the memory cache does in a second and what it takes, beside its peers. */
export function peersPlot(speedResults, bytesResults) {
  const rows = [...speedResults.rows, ...bytesResults.rows];
  const find = (workload, library) => rows.find((row) => row.workload === workload && row.library === library);
  const libraries = [...new Set(rows.map(({ library }) => library))];
  // The base and the ratio to it, which was paired, in place of two figures that were measured apart.
  const speed = (library, [, workload]) => {
    const ratio = find(workload, library)?.ratio;
    return ratio && 1_000 / (find(workload, BASE).ns * ratio);
  };
  const bytes = (library, [, workload, name]) => find(workload, library)?.numbers[name];
  return picture(WIDTH * 2, HEIGHT + LEGEND, [
    ...legend(LEFT, 22, libraries, (_, index) => colourOf(index)),
    at(0, LEGEND, bars(SPEED, libraries, speed)),
    at(WIDTH, LEGEND, bars(BYTES, libraries, bytes)),
  ]);
}

function bars({ title, about, groups }, libraries, value) {
  const found = groups.map((group) => libraries.map((library) => value(library, group)));
  const { step, count } = rounded(Math.max(...found.flat().filter((each) => each !== undefined)));
  const y = scale(0, step * count, HEIGHT - BOTTOM, TOP);
  const groupWidth = (WIDTH - LEFT - RIGHT) / groups.length;
  return [
    text(LEFT, 24, title, 'font-size="15" font-weight="600"'),
    text(LEFT, 42, about, 'class="faint"'),
    ...Array.from({ length: count + 1 }, (_, tick) =>
      gridLine(LEFT, WIDTH - RIGHT, y(tick * step), shown(tick * step)),
    ),
    ...groups.flatMap(([name], at) => group(name, found[at], LEFT + groupWidth * at, groupWidth, y)),
  ];
}

/** The bars of one group, those only that were measured. */
function group(name, values, left, width, y) {
  const present = values.flatMap((value, index) => (value === undefined ? [] : [{ value, index }]));
  const barWidth = Math.min(30, (width - 14) / present.length);
  const start = left + (width - barWidth * present.length) / 2;
  const parts = present.map(({ value, index }, place) => {
    const [x, top] = [start + place * barWidth, y(value)];
    return [
      `<rect x="${(x + 1).toFixed(1)}" y="${top.toFixed(1)}" width="${(barWidth - 2).toFixed(1)}" height="${(y(0) - top).toFixed(1)}" rx="1" fill="${colourOf(index)}"/>`,
      text(x + barWidth / 2, top - 5, shown(value), 'font-size="10" text-anchor="middle"'),
    ].join('');
  });
  return [...parts, text(left + width / 2, HEIGHT - BOTTOM + 20, name, 'font-size="11" text-anchor="middle"')];
}

/** Steps of 1, 2 or 5 times a power of ten, four to eight of them. */
function rounded(most) {
  const power = 10 ** Math.floor(Math.log10(most / 4));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => most / each <= 8);
  return { step, count: Math.ceil(most / step) };
}

function shown(value) {
  return value >= 10 || Number.isInteger(value) ? String(Math.round(value)) : value.toFixed(1);
}
