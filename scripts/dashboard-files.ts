/**
 * Generates the dashboards for Grafana in monitoring/dashboards, and their copies in the chart, which cannot read files outside its
 * folder.
 */
import { authApi } from './dashboards/auth-api.ts';
import { buildDashboard, type DashboardContent } from './dashboards/dashboard.ts';
import { runtime } from './dashboards/runtime.ts';
import { traffic } from './dashboards/traffic.ts';
import { upstreams } from './dashboards/upstreams.ts';

export const dashboards: readonly DashboardContent[] = [traffic, authApi, upstreams, runtime];

export function dashboardFiles(): Record<string, string> {
  return Object.fromEntries(
    dashboards.flatMap((content) => {
      const text = `${JSON.stringify(buildDashboard(content), null, 1)}\n`;
      return ['monitoring/dashboards', 'helm/files/dashboards'].map((folder) => [
        `${folder}/${content.name}.json`,
        text,
      ]);
    }),
  );
}
