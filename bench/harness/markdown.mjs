/** A heading and what stands below it. */
export function section(title, text) {
  return `## ${title}\n\n${text}`;
}

/** A table whose first columns are text and whose others are numbers. */
export function grid(head, lines, textColumns = 1) {
  const alignment = head.map((_, index) => (index < textColumns ? 'l' : 'r')).join('');
  return [row(head), rule(alignment), ...lines.map(row)].join('\n');
}

export function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

/** The line below the head: `l` and `r` for each column. */
export function rule(alignment) {
  return `|${[...alignment].map((side) => (side === 'r' ? '---:' : '---')).join('|')}|`;
}

export function ratio(value) {
  return value >= 10 ? value.toFixed(0) : value.toFixed(2);
}
