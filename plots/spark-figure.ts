/** A series at a glance, for small multiples: line, thresholds, alerts; one text for the whole. */
import { chunkAxis } from './chunk-axis.js';
import { describeBounds } from './describe.js';
import { figure, frameOf, type FigureOptions } from './figure.js';
import { formatCount, formatValue } from './format.js';
import { el, type Markup } from './markup.js';
import { diamond, path, stepLine, text } from './marks.js';
import { isWithinUnit, metricName } from './names.js';
import { alignTo, countAlerts, placesOf, type Series } from './series.js';
import { valueAxis } from './value-axis.js';

/** One series; its own scale. */
export function drawSpark(series: Series, options: FigureOptions): Markup {
  return drawLines(`${series.column || 'model'}: ${metricName(series.metric)}`, [series], null, options);
}

/** The key metric of one segment, estimated and realized, on a scale that is shared with other segments. @param shared every value that the scale must show */
export function drawSegment(name: string, of: { estimated: Series | null; realized: Series | null }, shared: readonly number[], options: FigureOptions): Markup {
  const layers = [of.estimated, of.realized].filter((series) => series !== null);
  return drawLines(`${name}: ${metricName(layers[0]?.metric ?? '')}`, layers, shared, { ...options, height: options.height ?? 110 });
}

const TICK_ROOM = 40;

function drawLines(title: string, layers: readonly Series[], shared: readonly number[] | null, options: FigureOptions): Markup {
  const frame = frameOf({ ...options, width: options.width ?? 280 });
  const height = options.height ?? 76;
  const places = placesOf(layers);
  const [left, right, top, bottom] = [shared ? TICK_ROOM : 4, frame.width - 4, 6, height - 6];
  const axis = chunkAxis(places, left, right, frame.zone);
  const points = layers.map((series) => alignTo(places, series));
  const bounds = places.map((_, i) => points.map((layer) => layer[i]).find((point) => point && (point.lowerThreshold !== null || point.upperThreshold !== null)) ?? null);
  const own = points.flat().flatMap((point) => (point ? [point.value, point.lowerThreshold, point.upperThreshold] : [])).filter((value) => value !== null);
  const values = valueAxis(shared ?? own, top, bottom, layers.every((series) => isWithinUnit(series.metric)), 3);
  const heightOf = (value: number | null | undefined): number | null => (value === null || value === undefined ? null : values.y(value));
  const size = Math.max(2, Math.min(5, ((right - left) / Math.max(1, places.length)) * 0.6));
  const both = layers.length > 1;
  return figure({ ...options, width: frame.width, heading: false }, height, title, '', layers.map((series) => describeLine(series, both)).join(' '), [
    axis.boundary === null ? null : el('rect', { class: 'ac-past', x: left, y: 0, width: axis.boundary - left, height }),
    shared ? values.ticks.map((tick) => [
      el('line', { class: 'ac-grid', x1: left, x2: right, y1: tick.y, y2: tick.y }),
      text(left - 5, Math.min(height - 2, Math.max(9, tick.y + 4)), tick.label, { class: 'ac-muted ac-small', 'text-anchor': 'end' }),
    ]) : null,
    path('ac-threshold', stepLine(axis.spans, bounds.map((point) => heightOf(point?.lowerThreshold)))),
    path('ac-threshold', stepLine(axis.spans, bounds.map((point) => heightOf(point?.upperThreshold)))),
    layers.map((series, k) => {
      const estimated = series.calculator === 'estimated_performance';
      return path(`ac-line ac-${estimated ? 'estimated' : 'realized'}${estimated && both ? ' ac-dashed' : ''}`, stepLine(axis.spans, points[k]!.map((point) => heightOf(point?.value))));
    }),
    layers.map((series, k) => points[k]!.map((point, i) => {
      const y = heightOf(point?.value);
      const hollow = both && series.calculator === 'estimated_performance';
      return y !== null && point!.alert === true && point!.period === 'analysis' ? diamond(axis.spans[i]!.mid, y, size, hollow ? 'ac-alert ac-alert-estimated' : 'ac-alert') : null;
    })),
    own.length === 0 ? text(frame.width / 2, height / 2 + 4, 'no values', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }) : null,
  ]);
}

function describeLine(series: Series, named: boolean): string {
  const last = series.points.findLast((point) => point.value !== null) ?? null;
  const alerts = countAlerts(series);
  const which = named ? (series.calculator === 'estimated_performance' ? 'Estimated: ' : 'Realized: ') : '';
  return `${which}${formatCount(alerts)} ${alerts === 1 ? 'alert' : 'alerts'}; newest value ${formatValue(last?.value ?? null)}${last ? `, ${describeBounds(last) ?? 'no threshold'}` : ''}.`;
}
