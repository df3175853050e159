// Line charts as SVG, drawn without a library. The background is painted, so that they can be read on any page.

const WIDTH = 760;
const PANEL = { left: 70, width: 520, height: 220, gap: 100, top: 50 };

const STYLE = `
  svg { --paper: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --a: #0072b2; --b: #d55e00; --c: #00875f; --d: #a0509a }
  @media (prefers-color-scheme: dark) {
    svg { --paper: #0d1117; --ink: #e6edf3; --faint: #3d444d; --a: #56b4e9; --b: #f0883e; --c: #2fbf8f; --d: #d58fcf }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink) }
  .title { font-weight: 600 }
  .grid { stroke: var(--faint); stroke-width: 1 }
  .line { fill: none; stroke-width: 2.5; stroke-linejoin: round }
  .dashed { stroke-dasharray: 5 4 }`;

/** What was answered, and how soon, against what was asked for. */
export function loadCurve(steps, saturation) {
  const at = (of) => steps.map((step) => [step.rate, of(step)]).filter(([, y]) => y !== undefined);
  const x = {
    label: 'requests a second',
    ticks: [0, ...steps.map(({ rate }) => rate)].filter((_, i) => i !== 4),
  };
  const mark = { x: saturation, label: 'saturation' };
  const most = Math.max(...x.ticks);
  return picture(
    {
      title: 'Answers a second',
      x,
      mark,
      y: linear(most),
      series: [
        {
          name: 'offered',
          colour: 'ink',
          dashed: true,
          points: [
            [0, 0],
            [most, most],
          ],
        },
        { name: 'accepted', colour: 'a', points: at(({ accepted }) => accepted.rate) },
        { name: 'refused, 503', colour: 'b', points: at(({ rate, shed }) => rate * shed.share) },
      ],
    },
    {
      title: 'Milliseconds from when a request was due to its answer',
      x,
      mark,
      y: logarithmic(1, 10_000),
      series: [
        { name: 'accepted, p99', colour: 'a', points: at(({ accepted }) => accepted.p99) },
        { name: 'accepted, median', colour: 'a', dashed: true, points: at(({ accepted }) => accepted.p50) },
        { name: 'logout, p99', colour: 'c', points: at(({ logout }) => logout.p99) },
        { name: 'live, p99', colour: 'd', points: at(({ live }) => live.p99) },
      ],
    },
  );
}

/** Resident memory over time. */
export function memorySeries(series) {
  const minutes = ({ at }) => (at - series[0].at) / 60_000;
  const last = Math.ceil(minutes(series.at(-1)));
  const x = { label: 'minutes', ticks: Array.from({ length: last + 1 }, (_, i) => i) };
  const of = (part) => series.map((each) => [minutes(each), each[part]]);
  const most = Math.max(...series.flatMap(({ server, engine }) => [server, engine]));
  return picture({
    title: 'Resident memory, MiB',
    x,
    y: linear(most),
    series: [
      { name: 'server', colour: 'a', points: of('server') },
      { name: 'engine processes', colour: 'b', points: of('engine') },
    ],
  });
}

function linear(most) {
  const rough = most / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((each) => each * power).find((each) => each >= rough);
  const ticks = Array.from({ length: Math.ceil(most / step) + 1 }, (_, i) => i * step);
  return { ticks, share: (value) => value / ticks.at(-1) };
}

function logarithmic(from, to) {
  const decades = Math.log10(to / from);
  const ticks = Array.from({ length: decades + 1 }, (_, i) => from * 10 ** i);
  return { ticks, share: (value) => Math.log10(Math.max(value, from) / from) / decades };
}

function picture(...panels) {
  const height = panels.length * (PANEL.height + PANEL.gap) + 10;
  const drawn = panels.map((panel, i) => drawPanel(panel, PANEL.top + i * (PANEL.height + PANEL.gap)));
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}">`,
    `<style>${STYLE}\n</style>`,
    `<rect width="${WIDTH}" height="${height}" fill="var(--paper)"/>`,
    ...drawn.flat(),
    '</svg>\n',
  ].join('\n');
}

function drawPanel({ title, x, y, mark, series }, top) {
  const { left, width, height } = PANEL;
  const bottom = top + height;
  const right = left + width;
  const most = x.ticks.at(-1);
  const px = (value) => round(left + (width * value) / most);
  const py = (value) => round(bottom - height * y.share(value));
  const lines = [
    text(left, top - 26, title, 'class="title"'),
    ...y.ticks.map((tick) => `<path class="grid" d="M${left} ${py(tick)}H${right}"/>`),
    ...y.ticks.map((tick) => text(left - 8, py(tick) + 4, tick.toLocaleString('en'), 'text-anchor="end"')),
    ...x.ticks.map((tick) => text(px(tick), bottom + 20, Math.round(tick), 'text-anchor="middle"')),
    text(left + width / 2, bottom + 42, x.label, 'text-anchor="middle"'),
  ];
  if (mark !== undefined) {
    lines.push(`<path class="grid dashed" d="M${px(mark.x)} ${top}V${bottom}"/>`);
    lines.push(text(px(mark.x), top - 6, mark.label, 'text-anchor="middle"'));
  }
  const places = spread(series.map(({ points }) => py(points.at(-1)[1])));
  for (const [i, { name, colour, dashed, points }] of series.entries()) {
    const path = points.map(([a, b]) => `${px(a)} ${py(b)}`).join('L');
    const kind = dashed ? 'line dashed' : 'line';
    lines.push(`<path class="${kind}" style="stroke: var(--${colour})" d="M${path}"/>`);
    lines.push(text(right + 12, places[i] + 4, name, `style="fill: var(--${colour})"`));
  }
  return lines;
}

/** Names that would stand on each other are moved apart. */
function spread(places) {
  const order = [...places.keys()].sort((a, b) => places[a] - places[b]);
  const moved = [...places];
  for (const [n, i] of order.entries()) {
    if (n > 0) moved[i] = Math.max(moved[i], moved[order[n - 1]] + 16);
  }
  return moved;
}

const round = (value) => Math.round(value * 10) / 10;
const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${content}</text>`;
