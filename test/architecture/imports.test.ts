import { globSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { checkFolders, checkImports, floors, readImports } from './import-graph.ts';

describe('the source', () => {
  const paths = globSync('**/*.ts', { cwd: 'src' }).map((path) => path.replaceAll('\\', '/'));
  const tree = new Map(paths.map((path) => [path, readFileSync(`src/${path}`, 'utf8')]));

  test('imports from lower floors only, and without cycles', () => {
    expect(checkImports(tree)).toEqual([]);
  });

  test('has every room of the floors', () => {
    const rooms = new Set(paths.map((path) => path.split('/')[0]!.replace(/\.ts$/, '')));
    expect(floors.flat().filter((room) => !rooms.has(room))).toEqual([]);
  });

  test('has folders that import one way, types included', () => {
    expect(checkFolders(tree)).toEqual([]);
  });

  test('loads the client of Redis in one place only, and there when it is needed', () => {
    // As a type it is gone at run time.
    const loads =
      /^import\s+(?!type\b)[^;]*['"]ioredis['"]|(?<!typeof )\bimport\(\s*['"]ioredis['"]|require\(['"]ioredis['"]/m;
    const loading = [...tree].filter(([, text]) => loads.test(text));
    expect(loading.map(([path]) => path)).toEqual([]);
    expect([...tree].some(([path, text]) => path.startsWith('redis/') && text.includes("load('ioredis')"))).toBe(true);
  });

  test('loads policy tools of the admin port when they are asked for', () => {
    const eager = [...tree].flatMap(([path, text]) =>
      path.startsWith('cli/')
        ? []
        : [...text.matchAll(/^import (?!type\b)[^;]*(?:explain-live|explain-recorded|show-reach)\.ts/gm)].map(
            () => path,
          ),
    );
    expect(eager).toEqual([]);
    expect(tree.get('app/admin-of-engine.ts')).toContain("import('./explain-live.ts')");
  });

  test('loads the pages of accounts when the first of them is opened', () => {
    const eager = [...tree].filter(
      ([path, text]) =>
        !path.startsWith('sign-in/account/') &&
        /^import (?!type\b)[^;]*\/account\/(?:create-account-pages|pages|languages)\.ts/m.test(text),
    );
    expect(eager.map(([path]) => path)).toEqual([]);
    expect(tree.get('sign-in/create-sign-in.ts')).toContain("import('./account/create-account-pages.ts')");
  });

  test('loads gRPC in one room only, and that when it is needed', () => {
    const room = 'authorizer/grpc/';
    const isGrpc = (specifier: string) => ['@grpc/grpc-js', 'protobufjs'].includes(specifier);
    const loading = [...tree].filter(([, text]) => readImports(text).some(({ specifier }) => isGrpc(specifier)));
    expect(loading.length).toBeGreaterThan(0);
    expect(loading.filter(([path]) => !path.startsWith(room))).toEqual([]);
    const loadsRoom = /^import\s+(?!type\b)[^;]*authorizer\/grpc\/|^import\s+(?!type\b)[^;]*['"]\.\/grpc\//m;
    expect([...tree].filter(([path, text]) => !path.startsWith(room) && loadsRoom.test(text))).toEqual([]);
    expect(tree.get('app/open-authorizer.ts')).toContain("await import('../authorizer/grpc/");
  });

  test('was read', () => {
    expect(tree.size).toBeGreaterThan(20);
    const imports = [...tree.values()].flatMap(readImports);
    expect(imports.some(({ typeOnly }) => typeOnly)).toBe(true);
    expect(imports.some(({ typeOnly }) => !typeOnly)).toBe(true);
  });

  /** Every line that could be an import is one that the checker saw. */
  test('holds no import that the checker cannot read', () => {
    for (const [path, text] of tree) {
      const written =
        text.match(/^\s*(?:import\b(?!\()|(?:export|\}|\s).*\bfrom\s+['"])[^;]*?['"][^'"\n]+['"]/gm) ?? [];
      expect(readImports(text).length, path).toBeGreaterThanOrEqual(written.length);
    }
  });
});

describe('the checker sees', () => {
  const controls: Record<string, { files: Record<string, string>; problems: string[] }> = {
    'nothing wrong in a right tree': {
      files: {
        'main.ts': "import { run } from './cli/run.ts';",
        'cli/run.ts': "import { create } from '../app/create.ts';\nimport { load } from '../config/load.ts';",
        'app/create.ts': "import { decide } from '../core/decide.ts';\nimport { load } from '../config/load.ts';",
        'config/load.ts': "import { readFileSync } from 'node:fs';\nimport { decide } from '../core/decide.ts';",
        'telemetry/log.ts': "import type { Decision } from '../core/decide.ts';",
        'proxy/read.ts': "import { parse } from '../http1/parse.ts';\nimport { log } from '../telemetry/log.ts';",
        'http1/parse.ts': "import { connect } from 'node:net';",
        'core/decide.ts': "import type { Route } from './routing/route.ts';",
        'core/routing/route.ts': 'export {};',
      },
      problems: [],
    },
    'core importing outwards, even types': {
      files: { 'core/a.ts': "import type { Config } from '../config/b.ts';", 'config/b.ts': '' },
      problems: ['core/a.ts: core (floor 1) imports from config (floor 2) (../config/b.ts)'],
    },
    'core naming Node or a package': {
      files: { 'core/a.ts': "import 'zod';\nimport { hash } from 'node:crypto';" },
      problems: ['core/a.ts: core imports node:crypto', 'core/a.ts: core imports zod'],
    },
    'a room importing one above it': {
      files: { 'identity/a.ts': "import { log } from '../telemetry/b.ts';", 'telemetry/b.ts': '' },
      problems: ['identity/a.ts: identity (floor 4) imports from telemetry (floor 5) (../telemetry/b.ts)'],
    },
    'a room importing types of one beside it': {
      files: { 'admin/a.ts': "import type { Page } from '../auth-api/b.ts';", 'auth-api/b.ts': '' },
      problems: ['admin/a.ts: admin (floor 7) imports from auth-api (floor 7) (../auth-api/b.ts)'],
    },
    'a re-export and a dynamic import': {
      files: {
        'identity/a.ts': "export * from '../telemetry/b.ts';",
        'telemetry/b.ts': "  const app = await import('../app/c.ts');",
        'app/c.ts': '',
      },
      problems: [
        'identity/a.ts: identity (floor 4) imports from telemetry (floor 5) (../telemetry/b.ts)',
        'telemetry/b.ts: telemetry (floor 5) imports from app (floor 8) (../app/c.ts)',
      ],
    },
    'an import over several lines': {
      files: { 'app/a.ts': "import {\n  one,\n  two,\n} from '../cli/b.ts';", 'cli/b.ts': '' },
      problems: ['app/a.ts: app (floor 8) imports from cli (floor 9) (../cli/b.ts)'],
    },
    'the HTTP library knowing of a room, or of the core': {
      files: {
        'http1/a.ts': "import type { Reason } from '../core/b.ts';\nimport type { Client } from '../proxy/c.ts';",
        'core/b.ts': '',
        'proxy/c.ts': '',
      },
      problems: [
        'http1/a.ts: http1 (floor 1) imports from core (floor 1) (../core/b.ts)',
        'http1/a.ts: http1 (floor 1) imports from proxy (floor 7) (../proxy/c.ts)',
      ],
    },
    'a cycle': {
      files: {
        'core/b.ts': "import { c } from './c.ts';",
        'core/c.ts': "import { a } from './a.ts';",
        'core/a.ts': "import { b } from './b.ts';",
      },
      problems: ['cycle: core/a.ts -> core/b.ts -> core/c.ts -> core/a.ts'],
    },
    'a missing module and an unknown room': {
      files: { 'attic/a.ts': "import { b } from './b.js';" },
      problems: ['attic/a.ts: not in a known room', 'attic/a.ts: there is no ./b.js'],
    },
  };

  test.each(Object.entries(controls))('%s', (_, { files, problems }) => {
    expect(checkImports(new Map(Object.entries(files)))).toEqual(problems);
  });

  test.each<[name: string, files: Record<string, string>, problems: string[]]>([
    [
      'folders in order, one of which imports a file beside it',
      {
        'core/a.ts': "import './b/c.ts';",
        'core/b/c.ts': "import '../d/e.ts';\nimport type { F } from '../f.ts';",
        'core/d/e.ts': '',
        'core/f.ts': '',
      },
      [],
    ],
    [
      'a circle of types between folders',
      {
        'core/b/c.ts': "import type { E } from '../d/e.ts';",
        'core/d/e.ts': "import type { G } from '../b/g.ts';",
        'core/b/g.ts': '',
      },
      ['in src/core/: b -> d -> b', 'in src/core/: d -> b -> d'],
    ],
    [
      'a circle of folders through a file beside them',
      { 'core/a.ts': "import './b/c.ts';", 'core/b/c.ts': "import type { A } from '../a.ts';" },
      ['in src/core/: b -> a.ts -> b'],
    ],
    [
      'a circle between rooms',
      {
        'admin/a.ts': "import type { B } from '../config/deep/b.ts';",
        'config/deep/b.ts': "import type { A } from '../../admin/a.ts';",
      },
      ['in src/: admin -> config -> admin', 'in src/: config -> admin -> config'],
    ],
  ])('%s', (_name, files, problems) => {
    expect(checkFolders(new Map(Object.entries(files)))).toEqual(problems);
  });
});

/** The tests of scripts and benchmarks are beside them. */
test('no test imports from scripts or benchmarks', () => {
  const foreign = /(?:\bfrom|\bimport\()\s*'(?:\.\.\/)+(?:bench|scripts)\//;
  const importing = globSync('test/**/*.ts').filter((path) => foreign.test(readFileSync(path, 'utf8')));
  expect(importing).toEqual([]);
  expect(foreign.test(readFileSync('bench/dashboards/run.ts', 'utf8'))).toBe(true);
});
