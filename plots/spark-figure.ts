/** A series at a glance, for small multiples: line, thresholds, alerts; one text for the whole. */
import { chunkAxis } from './chunk-axis.js';
import { describeBounds } from './describe.js';
import { figure, frameOf, type FigureOptions } from './figure.js';
import { formatCount, formatValue } from './format.js';
import { el, type Markup } from './markup.js';
import { diamond, path, stepLine, text } from './marks.js';
import { isWithinUnit, metricName } from './names.js';
import { alignTo, countAlerts, placesOf, type Series, type SeriesPoint } from './series.js';
import { valueAxis } from './value-axis.js';

export function drawSpark(series: Series, options: FigureOptions): Markup {
  const frame = frameOf({ ...options, width: options.width ?? 280 });
  const height = options.height ?? 76;
  const places = placesOf([series]);
  const [left, right, top, bottom] = [4, frame.width - 4, 6, height - 6];
  const axis = chunkAxis(places, left, right, frame.zone);
  const points = alignTo(places, series).filter((point): point is SeriesPoint => point !== null);
  const values = valueAxis(points.flatMap((p) => [p.value, p.lowerThreshold, p.upperThreshold]).filter((v) => v !== null), top, bottom, isWithinUnit(series.metric));
  const heightOf = (value: number | null): number | null => (value === null ? null : values.y(value));
  const size = Math.max(2, Math.min(5, ((right - left) / Math.max(1, points.length)) * 0.6));
  const last = points.findLast((point) => point.value !== null) ?? null;
  const alerts = countAlerts(series);
  const words = `${formatCount(alerts)} ${alerts === 1 ? 'alert' : 'alerts'}; newest value ${formatValue(last?.value ?? null)}${last ? `, ${describeBounds(last) ?? 'no threshold'}` : ''}.`;
  return figure({ ...options, width: frame.width, heading: false }, height, `${series.column || 'model'}: ${metricName(series.metric)}`, '', words, [
    axis.boundary === null ? null : el('rect', { class: 'ac-past', x: left, y: 0, width: axis.boundary - left, height }),
    path('ac-threshold', stepLine(axis.spans, points.map((p) => heightOf(p.lowerThreshold)))),
    path('ac-threshold', stepLine(axis.spans, points.map((p) => heightOf(p.upperThreshold)))),
    path(`ac-line ac-${series.calculator === 'estimated_performance' ? 'estimated' : 'realized'}`, stepLine(axis.spans, points.map((p) => heightOf(p.value)))),
    points.map((point, i) => {
      const y = heightOf(point.value);
      return y !== null && point.alert === true && point.period === 'analysis' ? diamond(axis.spans[i]!.mid, y, size, 'ac-alert') : null;
    }),
    last === null ? text(frame.width / 2, height / 2 + 4, 'no values', { class: 'ac-muted ac-small', 'text-anchor': 'middle' }) : null,
  ]);
}
