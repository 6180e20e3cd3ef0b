import {
  Body,
  Controller,
  ForbiddenException,
  Get,
  Header,
  Headers,
  HttpCode,
  Injectable,
  Inject,
  Module,
  Param,
  Post,
  Query,
  Req,
  Res,
  Sse,
  StreamableFile,
  UseGuards,
  UseInterceptors,
  type CallHandler,
  type CanActivate,
  type DynamicModule,
  type ExecutionContext,
  type NestInterceptor,
} from '@nestjs/common';
import { map, of, type Observable } from 'rxjs';

/** Of either package what an app imports. */
export type CachePackage = Pick<
  typeof import('@nestjs/cache-manager'),
  'Cache' | 'CACHE_MANAGER' | 'CacheInterceptor' | 'CacheKey' | 'CacheModule' | 'CacheTTL'
>;

/** What the reply of each framework has. */
interface Reply {
  status(code: number): Reply;
  header(name: string, value: string): Reply;
  type(type: string): Reply;
  send(body: unknown): unknown;
}

/** How often each handler ran, and what they wait for. */
export class Calls {
  readonly counts = new Map<string, number>();
  waiting: Promise<unknown> = Promise.resolve();

  next(name: string): number {
    const count = (this.counts.get(name) ?? 0) + 1;
    this.counts.set(name, count);
    return count;
  }
}

/** An app as somebody wrote it against `@nestjs/cache-manager`, over either package. */
export function appOf(pkg: CachePackage, calls: Calls, options: object = {}): DynamicModule {
  const { Cache, CACHE_MANAGER, CacheInterceptor, CacheKey, CacheModule, CacheTTL } = pkg;

  @Injectable()
  class UserGuard implements CanActivate {
    canActivate(context: ExecutionContext): boolean {
      calls.next('guard');
      if (context.switchToHttp().getRequest<{ query: { deny?: string } }>().query.deny) throw new ForbiddenException();
      return true;
    }
  }

  @Injectable()
  class Outer implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return next.handle().pipe(map((body: object) => ({ ...body, outer: calls.next('outer') })));
    }
  }

  @Injectable()
  class Marking implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return next.handle().pipe(
        map((body: { tags: string[] }) => {
          body.tags.push('seen');
          return body;
        }),
      );
    }
  }

  @Injectable()
  class Inner implements NestInterceptor {
    intercept(_context: ExecutionContext, next: CallHandler): Observable<unknown> {
      return next.handle().pipe(map((body: object) => ({ ...body, inner: calls.next('inner') })));
    }
  }

  /** As the documentation of Nest shows it. */
  @Injectable()
  class ByUser extends CacheInterceptor {
    protected override trackBy(context: ExecutionContext): string | undefined {
      const request = context.switchToHttp().getRequest<{ headers: Record<string, string>; url: string }>();
      return `${request.headers['authorization']} ${request.url}`;
    }
  }

  @Injectable()
  class NotAll extends CacheInterceptor {
    protected override allowedMethods = ['GET', 'POST'];

    protected override isRequestCacheable(context: ExecutionContext): boolean {
      return (
        super.isRequestCacheable(context) && !context.switchToHttp().getRequest<{ url: string }>().url.includes('live')
      );
    }
  }

  @Controller()
  @CacheTTL(60_000)
  @UseInterceptors(CacheInterceptor)
  class CitiesController {
    constructor(
      @Inject(CACHE_MANAGER) private readonly manager: InstanceType<typeof Cache>,
      private readonly cache: InstanceType<typeof Cache>,
    ) {}

    @Get('same')
    same() {
      return { same: this.manager === this.cache };
    }

    @Get('json')
    json() {
      return { run: calls.next('json') };
    }

    @Get('slow')
    async slow() {
      const run = calls.next('slow');
      await calls.waiting;
      return { run };
    }

    @Get('null')
    nothing() {
      calls.next('null');
      return null;
    }

    @Get('text')
    text() {
      return `run ${calls.next('text')}`;
    }

    @Get('partial')
    @HttpCode(203)
    partial(@Res({ passthrough: true }) reply: Reply) {
      reply.status(206).header('x-custom', 'yes');
      return { run: calls.next('partial') };
    }

    @Get('csv')
    csv(@Res({ passthrough: true }) reply: Reply) {
      reply.type('text/csv');
      return `a;b;${calls.next('csv')}`;
    }

    @Get('header')
    @Header('x-static', 'always')
    header() {
      return { run: calls.next('header') };
    }

    @Get('cookie')
    cookie(@Res({ passthrough: true }) reply: Reply) {
      const run = calls.next('cookie');
      reply.header('set-cookie', `session=${run}`);
      return { run };
    }

    @Get('no-store')
    noStore(@Res({ passthrough: true }) reply: Reply) {
      reply.header('cache-control', 'no-store');
      return { run: calls.next('no-store') };
    }

    @Get('declared-private')
    @Header('Cache-Control', 'private, no-cache')
    declaredPrivate() {
      return { run: calls.next('declared-private') };
    }

    @Get('self')
    self(@Res() reply: Reply) {
      reply.send({ run: calls.next('self') });
    }

    @Get('file')
    file() {
      return new StreamableFile(Buffer.from(`run ${calls.next('file')}`));
    }

    @Get('bytes')
    bytes() {
      calls.next('bytes');
      return Buffer.from([0, 1, 254, 255]);
    }

    @Get('wraps')
    @CacheKey('wrapped-within')
    wraps() {
      return this.manager.wrap('wrapped-within', async () => ({ run: calls.next('wraps') }));
    }

    @Sse('events')
    events() {
      calls.next('events');
      return of({ data: 'one' }, { data: 'two' }, { data: 'three' });
    }

    @Get('many')
    many() {
      calls.next('many');
      return of(1, 2, 3);
    }

    @Get('fails')
    fails() {
      calls.next('fails');
      throw new ForbiddenException('no');
    }

    @Get('me')
    me(@Headers('authorization') name: string) {
      return { name };
    }

    @Get('mine')
    @CacheKey((context: ExecutionContext) => {
      const { headers } = context.switchToHttp().getRequest<{ headers: Record<string, string> }>();
      return headers['authorization'] ? `mine ${headers['authorization']}` : undefined;
    })
    mine(@Headers('authorization') name: string) {
      return { name, run: calls.next('mine') };
    }

    @Get('named/:id')
    @CacheKey('named')
    named(@Param('id') id: string) {
      return { id };
    }

    @Post('named')
    @CacheKey('posted')
    posted(@Body() body: unknown) {
      return { body, run: calls.next('posted') };
    }

    @Post('plain')
    plain() {
      return { run: calls.next('plain') };
    }

    @Get('short')
    @CacheTTL(20)
    short() {
      return { run: calls.next('short') };
    }

    @Get('ttl')
    @CacheTTL(async (context) => Number(context.switchToHttp().getRequest<{ query: { ttl: string } }>().query.ttl))
    ttl() {
      return { run: calls.next('ttl') };
    }

    @Get('query')
    query(@Query() query: object) {
      return { ...query, run: calls.next('query') };
    }

    @Get('stored')
    async stored(@Query('key') key: string) {
      return this.manager.get(key);
    }

    @Get('around')
    @UseGuards(UserGuard)
    @UseInterceptors(Inner)
    around() {
      return { run: calls.next('around') };
    }
  }

  @Controller('by-user')
  @UseInterceptors(ByUser)
  class ByUserController {
    @Get()
    find(@Req() request: { headers: Record<string, string> }) {
      return { name: request.headers['authorization'], run: calls.next('by-user') };
    }
  }

  @Controller('not-all')
  @UseInterceptors(NotAll)
  class NotAllController {
    @Post('kept')
    kept() {
      return { run: calls.next('kept') };
    }

    @Get('live')
    live() {
      return { run: calls.next('live') };
    }
  }

  @Controller('wrapped')
  @UseInterceptors(Outer, CacheInterceptor)
  class WrappedController {
    @Get()
    find() {
      return { run: calls.next('wrapped') };
    }
  }

  @Controller('changed')
  @UseInterceptors(Marking, CacheInterceptor)
  class ChangedController {
    @Get()
    find() {
      return { tags: ['a'] };
    }
  }

  // `Cache` stands in for a type in the constructor: what TypeScript writes there for a class it imports.
  Reflect.defineMetadata('design:paramtypes', [Object, Cache], CitiesController);

  @Module({
    imports: [CacheModule.register(options)],
    controllers: [CitiesController, ByUserController, NotAllController, WrappedController, ChangedController],
  })
  class AppModule {}
  return { module: AppModule };
}
