import { OptionProblems, type Random } from '../core/index.js';

/** When a fault strikes. */
export interface FaultRule<C extends string> {
  /** Only these calls. @defaultValue all that it can strike */
  readonly on?: readonly C[];
  /** Each of them with this probability, 0 to 1. @defaultValue 1 */
  readonly probability?: number;
  /** No more often than that. @defaultValue Infinity */
  readonly times?: number;
}

/** What goes wrong, call by call: the first rule that applies and whose die says so. Repeatable by its random. */
export class FaultPlan<C extends string, F extends { readonly kind: string }> {
  /** How often each kind of fault has struck. */
  readonly struck = new Map<F['kind'], number>();
  private rules: { readonly fault: F; readonly rule: FaultRule<C>; left: number }[] = [];

  constructor(
    private readonly subject: string,
    private readonly calls: readonly C[],
    private readonly random: Random,
  ) {}

  /** Adds a rule behind those that are there; what is returned takes it out again. */
  add(fault: F, rule: FaultRule<C>): () => void {
    const { on = this.calls, probability = 1, times = Infinity } = rule;
    const problems = new OptionProblems(`${this.subject}.inject`);
    problems.refuseUnknown(rule, ['on', 'probability', 'times']);
    const strangers = on.filter((call) => !this.calls.includes(call));
    problems.require(strangers.length === 0, 'on', `must name calls among ${this.calls.join(', ')}`, strangers[0]);
    problems.require(probability >= 0 && probability <= 1, 'probability', 'must be a number from 0 to 1', probability);
    problems.require(times > 0, 'times', 'must be above 0', times);
    problems.throwIfAny();
    const added = { fault, rule: { on, probability }, left: times };
    this.rules.push(added);
    return () => {
      this.rules = this.rules.filter((other) => other !== added);
    };
  }

  clear(): void {
    this.rules = [];
  }

  /** The fault that strikes this call, if one does. */
  strike(call: C): F | undefined {
    for (const entry of this.rules) {
      const { on = [], probability = 1 } = entry.rule;
      if (entry.left <= 0 || !on.includes(call)) continue;
      // A certain fault uses no random, so that adding one does not change when the others strike.
      if (probability < 1 && this.random() >= probability) continue;
      entry.left--;
      this.struck.set(entry.fault.kind, (this.struck.get(entry.fault.kind) ?? 0) + 1);
      return entry.fault;
    }
    return undefined;
  }
}
