import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Builds the page of the dashboard where its sources are newer than what was built last. */
export async function buildDashboardPage(): Promise<void> {
  const child = spawn(process.execPath, ['scripts/build-page.mjs', '--when-stale'], { stdio: 'inherit' });
  const [code] = (await once(child, 'exit')) as [number | null];
  if (code !== 0) throw new Error(`scripts/build-page.mjs ended with ${code}`);
}
