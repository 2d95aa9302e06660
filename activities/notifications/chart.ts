/** The plot of a mail, and what it shows in words for those who do not see it. */
import { formatValue } from '../../plots/format.js';
import { seriesChart } from '../../plots/png/series-chart.js';
import { verdictChart } from '../../plots/png/verdict-chart.js';
import { countAlerts } from '../../plots/series.js';
import type { StoryChart } from './story.js';

/** A picture of a mail shows so many chunks of each period at most, the last ones. */
const MOST_CHUNKS = 120;

export function chartPng(chart: StoryChart): { png: Buffer; width: number; height: number; text: string } {
  if ('verdict' in chart) return { ...verdictChart(chart.verdict), text: chart.verdict.text };
  const { title, series } = chart;
  const points = (['reference', 'analysis'] as const).flatMap((period) => series.points.filter((point) => point.period === period).slice(-MOST_CHUNKS));
  const last = points.findLast((point) => point.value !== null);
  const alerts = countAlerts(series);
  return { ...seriesChart({ ...series, points }), text: `${title}: ${alerts} ${alerts === 1 ? 'alert' : 'alerts'} in the analysis; last value ${formatValue(last?.value ?? null)}` };
}
