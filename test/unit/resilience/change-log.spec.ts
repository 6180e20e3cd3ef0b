import { describe, expect, it } from '@jest/globals';
import { ChangeLog } from '../../../lib/resilience/index.js';

const target = (index: string, ...groups: string[]) => ({ index, groups });

describe('ChangeLog', () => {
  describe('permits a result', () => {
    it('whose key, groups and pattern nobody changed since its fence was opened', () => {
      const changes = new ChangeLog();
      changes.changeKey('a');
      changes.changeGroup('g');
      const fence = changes.openFence();
      changes.changeKey('b');
      changes.changeGroup('h');
      changes.changePattern();

      expect(changes.permits(fence, target('a', 'g'))).toBe(true);
    });
  });

  describe('spares a fence of the key', () => {
    it('as far as this one change goes', () => {
      const changes = new ChangeLog();
      const spared = changes.openFence();
      const other = changes.openFence();
      changes.changeKey('a', [spared]);

      expect([spared, other].map((fence) => changes.permits(fence, target('a')))).toEqual([true, false]);
      changes.changeKey('a');
      expect(changes.permits(spared, target('a'))).toBe(false);
    });

    it('that nothing has outdated before', () => {
      const changes = new ChangeLog();
      const fence = changes.openFence();
      changes.changeKey('a');
      changes.changeKey('a', [fence]);

      expect(changes.permits(fence, target('a'))).toBe(false);
    });

    it('but from no change of a group or of everything, before or after', () => {
      const changes = new ChangeLog();
      const [ofGroup, ofAll] = [changes.openFence(), changes.openFence()];
      changes.changeGroup('g');
      changes.changeKey('a', [ofGroup, ofAll]);

      expect(changes.permits(ofGroup, target('a', 'g'))).toBe(false);
      expect(changes.permits(ofAll, target('a'))).toBe(true);
      changes.changeAll();
      expect(changes.permits(ofAll, target('a'))).toBe(false);
    });
  });

  describe('refuses a result', () => {
    it.each([
      ['its key changed', (changes: ChangeLog) => changes.changeKey('a')],
      ['one of its groups changed', (changes: ChangeLog) => changes.changeGroup('g')],
      ['everything changed', (changes: ChangeLog) => changes.changeAll()],
    ])('when %s after its fence was opened', (_, change) => {
      const changes = new ChangeLog();
      const fence = changes.openFence();
      change(changes);

      expect(changes.permits(fence, target('a', 'g'))).toBe(false);
    });

    it('although a younger fence was closed in between', () => {
      const changes = new ChangeLog();
      const older = changes.openFence();
      changes.changeKey('a');
      changes.closeFence(changes.openFence());

      expect(changes.permits(older, target('a'))).toBe(false);
    });

    it('although the older of two fences was closed in between', () => {
      const changes = new ChangeLog();
      const older = changes.openFence();
      changes.changeKey('unrelated');
      const younger = changes.openFence();
      changes.changeKey('a');
      changes.closeFence(older);

      expect(changes.permits(younger, target('a'))).toBe(false);
    });
  });

  it('refuses a result that nobody asked for when any pattern changed', () => {
    const changes = new ChangeLog();
    const fence = changes.openFence();
    expect(changes.permitsUnasked(fence, target('a'))).toBe(true);
    changes.changePattern();
    expect(changes.permits(fence, target('a'))).toBe(true);
    expect(changes.permitsUnasked(fence, target('a'))).toBe(false);
    expect(changes.permitsUnasked(changes.openFence(), target('a'))).toBe(true);
  });

  it('remembers nothing while no fence is open', () => {
    const changes = new ChangeLog();
    for (let i = 0; i < 100; i++) {
      changes.changeKey(`key ${i}`);
      changes.changeGroup(`group ${i}`);
      changes.changePattern();
    }
    expect(changes.remembered).toBe(0);
  });

  it('forgets everything when the last fence is closed', () => {
    const changes = new ChangeLog();
    const fence = changes.openFence();
    changes.changeKey('a');
    changes.changeGroup('g');
    changes.changePattern();
    expect(changes.remembered).toBe(2);

    changes.closeFence(fence);
    expect(changes.remembered).toBe(0);
  });

  it('keeps only what the oldest open fence needs, although there is always an open one', () => {
    const changes = new ChangeLog();
    let previous = changes.openFence();
    for (let i = 0; i < 1_000; i++) {
      changes.changeKey(`key ${i}`);
      changes.changeGroup(`group ${i}`);
      const next = changes.openFence();
      changes.closeFence(previous);
      previous = next;
    }
    expect(changes.remembered).toBe(0);
  });

  it('notes one key changed many times once', () => {
    const changes = new ChangeLog();
    changes.openFence();
    for (let i = 0; i < 100; i++) changes.changeKey('a');
    expect(changes.remembered).toBe(1);
  });

  describe('when a computation does not end', () => {
    it('remembers so many changed keys and groups, and no more', () => {
      const changes = new ChangeLog(100);
      changes.openFence();
      for (let i = 0; i < 1_000; i++) {
        changes.changeKey(`key ${i}`);
        changes.changeGroup(`group ${i}`);
      }
      expect(changes.remembered).toBe(200);
    });

    it('refuses it once a change after its start was forgotten, and judges younger ones as ever', () => {
      const changes = new ChangeLog(10);
      const hanging = changes.openFence();
      for (let i = 0; i < 10; i++) changes.changeKey(i);
      expect(changes.permits(hanging, target('a'))).toBe(true);
      const younger = changes.openFence();
      changes.changeKey('b');
      expect(changes.permits(hanging, target('a'))).toBe(false);
      expect(changes.permits(younger, target('a'))).toBe(true);
      expect(changes.permits(younger, target('b'))).toBe(false);
    });

    it('remembers nothing when it has ended after all', () => {
      const changes = new ChangeLog(10);
      const fence = changes.openFence();
      for (let i = 0; i < 100; i++) changes.changeKey(i);
      changes.closeFence(fence);
      changes.closeFence(fence);
      expect(changes.remembered).toBe(0);
      expect(changes.permits(changes.openFence(), target('a'))).toBe(true);
    });
  });
});
