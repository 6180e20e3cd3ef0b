/** A table in text: the first column to the left, the others to the right. */
export function table(head, rows) {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column].length)));
  const isText = (column) => rows.some((row) => !/^[-\d]/.test(row[column]));
  const text = (line) =>
    line
      .map((cell, column) => (isText(column) ? cell.padEnd(widths[column]) : cell.padStart(widths[column])))
      .join('  ')
      .trimEnd();
  return [text(head), widths.map((width) => '─'.repeat(width)).join('  '), ...rows.map(text)].join('\n');
}
