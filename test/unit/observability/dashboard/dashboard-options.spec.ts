import { describe, expect, it } from '@jest/globals';
import { CacheDashboardModule, type CacheDashboardOptions } from '../../../../lib/observability/dashboard/index.js';
import { resolveDashboardOptions } from '../../../../lib/observability/dashboard/dashboard.options.js';

const guard = { canActivate: () => true };

describe('the options of the dashboard', () => {
  it('have a default for everything but the guards', () => {
    expect(resolveDashboardOptions({ guards: [] })).toMatchObject({
      path: 'strata',
      hasActions: false,
      intervalMs: 2_000,
      historyMs: 900_000,
      node: undefined,
    });
  });

  it('take a path with slashes around it', () => {
    expect(resolveDashboardOptions({ guards: [guard], path: '/admin/caches/' }).path).toBe('admin/caches');
  });

  it.each<[string, object, RegExp]>([
    ['no guards', {}, /guards must be a list of guards.*\[\] shows it to whoever/],
    ['a guard that is none', { guards: ['admin'] }, /guards must be a list/],
    ['actions without a guard', { guards: [], actions: true }, /actions needs a guard/],
    ['actions that are not a boolean', { guards: [guard], actions: 'yes' }, /actions must be one of true, false/],
    ['a folder for snapshots without actions', { guards: [guard], snapshots: '/tmp' }, /snapshots needs actions: true/],
    ['a folder that is none', { guards: [guard], actions: true, snapshots: '' }, /snapshots must be the path/],
    ['a path with a wildcard', { guards: [guard], path: '/*' }, /path must be a path such as/],
    ['a path with a space', { guards: [guard], path: '/a b' }, /path must be a path such as/],
    ['no path at all', { guards: [guard], path: '/' }, /path must be a path such as/],
    ['values of another kind', { guards: [guard], values: 'all' }, /values must be true, false or a function/],
    ['an interval that is too short', { guards: [guard], interval: 10 }, /interval must be from 250 to 30000/],
    ['a history without end', { guards: [guard], history: Infinity }, /history must be from 0 to 86400000/],
    ['an empty name', { guards: [guard], node: '' }, /node must be a text/],
    ['a misspelt option', { guards: [guard], guard: [] }, /guard is not an option; did you mean guards/],
    ['imports that are no list', { guards: [guard], imports: {} }, /imports must be a list of modules/],
  ])('refuse %s', (_, given, message) => {
    expect(() => CacheDashboardModule.forRoot(given as CacheDashboardOptions)).toThrow(message);
  });

  it('tell all problems in one error', () => {
    const given = { guards: [], actions: true, path: '*', interval: '5' } as unknown as CacheDashboardOptions;
    expect(() => CacheDashboardModule.forRoot(given)).toThrow(/actions.*path.*interval/);
  });
});
