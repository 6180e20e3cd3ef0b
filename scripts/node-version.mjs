import { readFileSync } from 'node:fs';

/** Ends the process with a clear message on a Node that `engines` of package.json leaves out. */
export function assertSupportedNode() {
  const { engines } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'));
  if (isSupported(process.versions.node, engines.node)) return;
  console.error(
    `This needs Node ${engines.node}, and runs on ${process.versions.node}. Install a newer Node and start again.`,
  );
  process.exit(1);
}

/** Whether a version satisfies a range of the two forms that `engines` uses: `^a.b.c` and `>=a`. */
export function isSupported(version, range) {
  const [major, minor, patch] = version.split('.').map(Number);
  return range.split('||').some((part) => {
    const [, operator, ...numbers] = /^(\^|>=)(\d+)(?:\.(\d+))?(?:\.(\d+))?$/.exec(part.trim()) || [];
    const [lowMajor, lowMinor, lowPatch] = numbers.map((number) => Number(number || 0));
    if (operator === '>=' && major > lowMajor) return true;
    return major === lowMajor && (minor > lowMinor || (minor === lowMinor && patch >= lowPatch));
  });
}
