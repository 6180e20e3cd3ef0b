/* What @CacheWarm refuses to compile: each `@ts-expect-error` says what. Nothing here runs. */
import { Cacheable, CacheWarm } from '../../lib/index.js';

export class Warmed {
  readonly ids = ['1', '2'];

  @CacheWarm([['a'], ['b']])
  @CacheWarm(() => [['a'], ['b']], { every: '10m' })
  @CacheWarm(async (warmed: Warmed) => warmed.ids.map((id) => [id]))
  @CacheWarm(async function* () {
    yield ['a'];
  })
  @Cacheable()
  async find(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- the arguments are numbers
  @CacheWarm([[1], [2]])
  @Cacheable()
  async ofText(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- one of the lists has too few arguments
  @CacheWarm([['a', 1], ['b']])
  @Cacheable()
  async ofTwo(id: string, n: number): Promise<string> {
    return `${id}${n}`;
  }

  // @ts-expect-error -- keys alone are no lists of arguments
  @CacheWarm([1, 2])
  @Cacheable()
  async ofLists(n: number): Promise<number> {
    return n;
  }

  // @ts-expect-error -- the function takes instances of another class
  @CacheWarm((other: { readonly other: string[] }) => other.other.map((id) => [id]))
  @Cacheable()
  async ofOther(id: string): Promise<string> {
    return id;
  }

  // @ts-expect-error -- a synchronous method
  @CacheWarm([[1]])
  synchronous(n: number): number {
    return n;
  }
}
