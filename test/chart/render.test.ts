/** Every value set: lint, the Kubernetes schemas, references between objects, and the configuration in them. */
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { type KubernetesObject, kindsOf, lint, render, valueSets } from './helm.ts';
import { nameProblems, valueProblems } from './kubernetes-schemas.ts';
import { danglingReferences } from './object-references.ts';
import { podsOf } from './pods.ts';
import { configProblems, filesOf } from './rolegate-config.ts';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 600_000 });

const rendered = new Map<string, readonly KubernetesObject[]>();
beforeAll(() => {
  for (const set of valueSets) rendered.set(set, render(set));
});

test('there are at least twelve', () => expect(valueSets.length).toBeGreaterThanOrEqual(12));

describe.each(valueSets)('%s', (set) => {
  test('passes the linter', () => {
    const { ok, output } = lint(set);
    expect(ok, output).toBe(true);
    expect(output).not.toMatch(/\[(WARNING|ERROR)\]/);
  });

  test('matches the Kubernetes schemas', () => {
    const objects = rendered.get(set)!;
    expect(objects.length).toBeGreaterThan(3);
    expect(objects.flatMap(valueProblems)).toEqual([]);
  });

  test('has no dangling reference', () => {
    expect(danglingReferences(rendered.get(set)!)).toEqual([]);
  });

  test('names and labels every object, once', () => {
    const objects = rendered.get(set)!;
    const names = kindsOf(objects);
    expect(new Set(names).size).toBe(names.length);
    for (const { kind, metadata } of objects) {
      expect(metadata.namespace).toBe(
        ['AuthorizationPolicy', 'EnvoyFilter'].includes(kind) ? 'istio-system' : 'gateways',
      );
      expect(metadata.labels).toMatchObject({
        'app.kubernetes.io/name': 'rolegate',
        'app.kubernetes.io/instance': 'edge',
        'app.kubernetes.io/managed-by': 'Helm',
      });
    }
  });

  test('gives pods no unneeded privilege', () => {
    const pods = podsOf(rendered.get(set)!);
    expect(pods.length).toBeGreaterThan(0);
    for (const { spec } of pods) {
      expect(spec.automountServiceAccountToken).toBe(false);
      expect(spec).not.toHaveProperty('hostNetwork');
      expect(spec.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
      expect(spec.securityContext.runAsUser).toBeGreaterThan(0);
      for (const container of spec.containers.filter(({ name }) => name !== 'logs')) {
        expect(container.image).not.toMatch(/:latest$|^[^:@]+$/);
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources).toHaveProperty('requests.memory');
        expect(container.resources).toHaveProperty('limits.memory');
      }
    }
  });

  test('writes a configuration that the program accepts', () => {
    // Others contain dashboards.
    const maps = rendered
      .get(set)!
      .filter(
        (object) => object.kind === 'ConfigMap' && /"(?:gateway|auth-api)\.yaml"/.test(JSON.stringify(filesOf(object))),
      );
    for (const map of maps) expect(configProblems(filesOf(map))).toEqual([]);
    const expected = set.startsWith('existing-config') ? 0 : 1;
    expect(maps.filter((map) => 'gateway.yaml' in filesOf(map)).length).toBe(expected);
  });
});

test('no object of any set has a name that its schema does not contain', () => {
  expect(nameProblems([...rendered.values()].flat())).toBe('');
});

describe('controls', () => {
  const service: KubernetesObject = {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'a', namespace: 'b', labels: {} },
  };

  test('finds a value of the wrong type', () => {
    expect(valueProblems({ ...service, spec: { ports: [{ port: '80' }] } })).toHaveLength(1);
  });

  test('finds an unknown name', () => {
    expect(nameProblems([{ ...service, spec: { ports: [{ port: 80, tragetPort: 8080 }] } }])).toContain('tragetPort');
  });

  test('finds a kind without a schema', () => {
    expect(valueProblems({ ...service, apiVersion: 'v2' })).toEqual(['no schema for v2 Service']);
  });

  test('finds a dangling reference', () => {
    expect(danglingReferences([{ ...service, spec: { selector: { app: 'x' } } }])).toEqual([
      'Service a selects no pod',
    ]);
  });

  test('finds a mistake in the configuration', () => {
    expect(configProblems({ 'gateway.yaml': 'version: 1\nroute: []\n' })).not.toEqual([]);
    expect(configProblems({ 'auth-api.yaml': 'listen: ":8081"\n' })).not.toEqual([]);
  });
});
