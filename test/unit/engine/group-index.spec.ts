import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { GroupIndex } from '../../../lib/engine/store/group-index.js';

describe('GroupIndex', () => {
  let groups: GroupIndex;
  beforeEach(() => {
    groups = new GroupIndex();
  });
  afterEach(() => groups.assertStructure(() => true));

  it('finds the slots of a group in the order in which they joined', () => {
    groups.assign(4, ['red']);
    groups.assign(2, ['blue', 'red']);
    expect([groups.slotsOf('red'), groups.slotsOf('blue'), groups.slotsOf('green')]).toEqual([[4, 2], [2], []]);
  });

  it('keeps nothing for entries without groups', () => {
    groups.assign(1, undefined);
    groups.assign(2, []);
    expect([groups.size, groups.groupsOf(1), groups.groupsOf(2)]).toEqual([0, [], []]);
  });

  it('takes a group that is named twice once', () => {
    groups.assign(1, ['red', 'red']);
    expect([groups.groupsOf(1), groups.slotsOf('red')]).toEqual([['red'], [1]]);
  });

  it('replaces the groups of an entry', () => {
    groups.assign(1, ['red', 'blue']);
    groups.assign(1, ['blue', 'green']);
    expect([groups.slotsOf('red'), groups.slotsOf('blue'), groups.slotsOf('green')]).toEqual([[], [1], [1]]);
    groups.assign(1, undefined);
    expect(groups.size).toBe(0);
  });

  it('does not follow an array that is changed after it was given', () => {
    const given = ['red'];
    groups.assign(1, given);
    given.push('blue');
    expect(groups.groupsOf(1)).toEqual(['red']);
    groups.leave(1);
    expect(groups.slotsOf('red')).toEqual([]);
  });

  it('forgets a group with its last entry', () => {
    groups.assign(1, ['red']);
    groups.leave(1);
    groups.leave(1);
    expect(JSON.stringify(groups)).toBe(JSON.stringify(new GroupIndex()));
    expect([groups.size, groups.slotsOf('red')]).toEqual([0, []]);
  });

  it('takes any text for a name', () => {
    for (const name of ['__proto__', 'constructor', '', '🙂']) groups.assign(name.length, [name]);
    expect([groups.slotsOf('__proto__'), groups.slotsOf(''), groups.slotsOf('toString')]).toEqual([[9], [0], []]);
  });
});
