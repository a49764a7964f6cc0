// The decision again, from the lines of a recount kit alone. A second writing-out of feedback_app/domain (scoring, criteria,
// boards, standing, honours, recounting): sums are exact, nothing but + - * / and square roots, so every machine agrees.
"use strict";

const Recount = (quantiles) => {
  // --- exact sums, rounding and figures as Python writes them ---
  const fsum = (values) => {
    const partials = [];
    for (let x of values) {
      let kept = 0;
      for (let y of partials) {
        if (Math.abs(x) < Math.abs(y)) [x, y] = [y, x];
        const high = x + y, low = y - (high - x);
        if (low) partials[kept++] = low;
        x = high;
      }
      partials.length = kept;
      partials.push(x);
    }
    let n = partials.length, high = 0, low = 0;
    if (n > 0) {
      high = partials[--n];
      while (n > 0) {
        const x = high, y = partials[--n];
        high = x + y;
        low = y - (high - x);
        if (low) break;
      }
      if (n > 0 && ((low < 0 && partials[n - 1] < 0) || (low > 0 && partials[n - 1] > 0))) {
        const y = low * 2, x = high + y;
        if (y === x - high) high = x;
      }
    }
    return high;
  };
  const round6 = (x) => {
    if (!Number.isFinite(x) || Math.abs(x) >= 1e15) return x;
    const exact = Math.abs(x).toFixed(20), [whole, part] = exact.split(".");
    let found = Number(Math.abs(x).toFixed(6));
    // Half-way cases go to the even digit; they have exactly seven digits.
    if (part[6] === "5" && /^0*$/.test(part.slice(7)) && Number(part[5]) % 2 === 0) found = Number(whole + "." + part.slice(0, 6));
    return Object.is(Math.sign(x), -1) || Object.is(x, -0) ? -found : found;
  };
  const asFloat = (x) => {
    if (x === null) return "null";
    if (Object.is(x, -0)) return "-0.0";
    const size = Math.abs(x);
    if (size >= 1e16) return x.toExponential().replace("e+", "e+").replace(/e\+(\d)$/, "e+0$1");
    if (Number.isInteger(x)) return x + ".0";
    if (size < 1e-4) return x.toExponential().replace(/e-(\d)$/, "e-0$1");
    return String(x);
  };

  // --- SHA-256 and the generator MT19937 ---
  const K = [], START = [];
  for (let n = 2; K.length < 64; n++) {
    let prime = true;
    for (let d = 2; d * d <= n; d++) if (n % d === 0) { prime = false; break; }
    if (!prime) continue;
    const bits = (root) => Math.floor((root - Math.floor(root)) * 4294967296) | 0;
    if (START.length < 8) START.push(bits(Math.sqrt(n)));
    K.push(bits(cubeRoot(n)));
  }
  function cubeRoot(n) {
    // 32 bits after the point, by whole numbers alone.
    let root = 0n;
    const wanted = BigInt(n) << 96n;
    for (let bit = 1n << 36n; bit; bit >>= 1n) if ((root + bit) ** 3n <= wanted) root += bit;
    return Number(root >> 32n) + Number(root & 0xffffffffn) / 4294967296;
  }
  const sha256 = (bytes) => {
    const length = bytes.length, padded = new Uint8Array((((length + 8) >> 6) + 1) << 6);
    padded.set(bytes);
    padded[length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(length / 0x20000000));
    view.setUint32(padded.length - 4, (length << 3) >>> 0);
    const state = Int32Array.from(START), w = new Int32Array(64);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let at = 0; at < padded.length; at += 64) {
      for (let i = 0; i < 16; i++) w[i] = view.getInt32(at + 4 * i);
      for (let i = 16; i < 64; i++) {
        const a = w[i - 15], b = w[i - 2];
        w[i] = (w[i - 16] + (turn(a, 7) ^ turn(a, 18) ^ (a >>> 3)) + w[i - 7] + (turn(b, 17) ^ turn(b, 19) ^ (b >>> 10))) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i++) {
        const one = (h + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const two = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + one) | 0; d = c; c = b; b = a; a = (one + two) | 0;
      }
      [a, b, c, d, e, f, g, h].forEach((x, i) => { state[i] = (state[i] + x) | 0; });
    }
    return Array.from(state, (x) => (x >>> 0).toString(16).padStart(8, "0")).join("");
  };
  const generator = (seed) => {
    const digest = sha256(new TextEncoder().encode(seed)).slice(0, 32), key = [];
    for (let i = 24; i >= 0; i -= 8) key.push(parseInt(digest.slice(i, i + 8), 16));
    while (key.length > 1 && key[key.length - 1] === 0) key.pop();
    const mt = new Uint32Array(624);
    mt[0] = 19650218;
    for (let i = 1; i < 624; i++) mt[i] = Math.imul(1812433253, mt[i - 1] ^ (mt[i - 1] >>> 30)) + i;
    let i = 1, j = 0;
    for (let k = Math.max(624, key.length); k; k--) {
      mt[i] = (mt[i] ^ Math.imul(mt[i - 1] ^ (mt[i - 1] >>> 30), 1664525)) + key[j] + j;
      if (++i >= 624) { mt[0] = mt[623]; i = 1; }
      if (++j >= key.length) j = 0;
    }
    for (let k = 623; k; k--) {
      mt[i] = (mt[i] ^ Math.imul(mt[i - 1] ^ (mt[i - 1] >>> 30), 1566083941)) - i;
      if (++i >= 624) { mt[0] = mt[623]; i = 1; }
    }
    mt[0] = 0x80000000;
    let at = 624;
    const next = () => {
      if (at >= 624) {
        for (let k = 0; k < 624; k++) {
          const y = (mt[k] & 0x80000000) | (mt[(k + 1) % 624] & 0x7fffffff);
          mt[k] = mt[(k + 397) % 624] ^ (y >>> 1) ^ (y & 1 ? 0x9908b0df : 0);
        }
        at = 0;
      }
      let y = mt[at++];
      y ^= y >>> 11; y ^= (y << 7) & 0x9d2c5680; y ^= (y << 15) & 0xefc60000; y ^= y >>> 18;
      return y >>> 0;
    };
    return () => ((next() >>> 5) * 67108864 + (next() >>> 6)) / 9007199254740992;
  };

  // --- the score from patients' ratings ---
  const LEAST_K = 30, SMALL_LEAGUE = 20, SMALL_LEAGUE_K = 50;
  const lostOf = (tally) => 100 - 25 * (tally.stars - 1);
  const weighed = (ratings, rules) => {
    const trust = (tally) => {
      if (rules.verification === "none" || tally.verified) return 1;
      if (rules.hold_low_unverified && tally.stars <= 2) return 0;
      return rules.verification === "mixed" ? 0.3 : 0;
    };
    const month = (tally) => (tally.back < rules.month_weights.length ? rules.month_weights[tally.back] : 0);
    let found = ratings.map((tally) => [tally, trust(tally) * month(tally)]);
    if (rules.verification === "mixed") {
      const sum = (verified) => fsum(found.filter(([t]) => t.verified === verified).map(([t, w]) => w * t.ratings));
      const sure = sum(true), unsure = sum(false), cut = unsure ? Math.min(1, (0.25 * sure) / unsure) : 1;
      found = found.map(([t, w]) => [t, t.verified ? w : w * cut]);
    }
    return found.filter(([, w]) => w > 0);
  };
  const addUp = (weights) => {
    const strata = new Map();
    for (const [t, w] of weights) strata.set(t.stratum, (strata.get(t.stratum) || 0) + w * t.ratings);
    const weight = fsum(weights.map(([t, w]) => w * t.ratings)), squares = fsum(weights.map(([t, w]) => w * w * t.ratings));
    const lost = fsum(weights.map(([t, w]) => w * t.ratings * lostOf(t)));
    const lostSquares = fsum(weights.map(([t, w]) => w * t.ratings * (lostOf(t) * lostOf(t))));
    return {
      weight, strata, lost,
      n: squares ? (weight * weight) / squares : 0,
      mean: 100 - lost / weight,
      deviation: weight ? Math.max(0, lostSquares - (lost * lost) / weight) : 0,
      freedom: weight ? weight - squares / weight : 0,
    };
  };
  const adjustedMeans = (all) => {
    const sums = new Map(), counts = new Map();
    for (const [key, weights] of all) {
      if (weights.length) sums.set(key, addUp(weights));
      for (const [t] of weights) counts.set(t.stratum, (counts.get(t.stratum) || 0) + t.ratings);
    }
    const names = new Map([...counts].map(([name, count]) => [name, count >= 200 ? name : ""]));
    const means = new Map([...sums].map(([key, one]) => [key, one.mean]));
    if (new Set(names.values()).size <= 1) return means;
    const lost = new Map(), weight = new Map();
    for (const [, weights] of all) for (const [t, w] of weights) {
      const name = names.get(t.stratum);
      if (!lost.has(name)) { lost.set(name, []); weight.set(name, []); }
      lost.get(name).push(w * t.ratings * lostOf(t));
      weight.get(name).push(w * t.ratings);
    }
    const total = (map) => new Map([...map].map(([name, values]) => [name, fsum(values)]));
    const l = total(lost), v = total(weight), overall = fsum(l.values()) / fsum(v.values());
    for (const [key, one] of sums) {
      const expected = fsum([...one.strata].map(([name, part]) => part * (l.get(names.get(name)) / v.get(names.get(name)))));
      if (expected) means.set(key, Math.max(0, 100 - (overall * one.lost) / expected));
    }
    return means;
  };
  const precisions = (counts, within, between) => counts.map((n) => (between + within / n > 0 ? 1 / (between + within / n) : 1));
  const centre = (means, v) => fsum(means.map((m, i) => v[i] * m)) / fsum(v);
  const excess = (means, counts, within, between) => {
    const v = precisions(counts, within, between), mu = centre(means, v);
    return fsum(means.map((m, i) => v[i] * (m - mu) * (m - mu))) - (means.length - 1);
  };
  const solveBetween = (means, counts, within) => {
    if (means.length < 2) return 0;
    if (within <= 0) {
      const mu = fsum(means) / means.length;
      return fsum(means.map((m) => (m - mu) * (m - mu))) / (means.length - 1);
    }
    if (excess(means, counts, within, 0) <= 0) return 0;
    let low = 0, high = within;
    while (excess(means, counts, within, high) > 0) { low = high; high *= 2; }
    while (high - low > 1e-12 * high) {
      const middle = (low + high) / 2;
      if (middle === low || middle === high) break;
      if (excess(means, counts, within, middle) > 0) low = middle; else high = middle;
    }
    return (low + high) / 2;
  };
  const pauleMandel = (means, counts, within) => {
    const between = Math.max(solveBetween(means, counts, within), within / 2000);
    return [centre(means, precisions(counts, within, between)), between];
  };
  const betweenMonths = (all, within) => {
    const months = [0, 1].map((back) => new Map([...all].map(([key, weights]) =>
      [key, weights.filter(([t]) => t.back === back).map(([t]) => [t, 1])]).filter(([, one]) => one.length)));
    const means = months.map(adjustedMeans), counts = months.map((m) => new Map([...m].map(([key, one]) => [key, addUp(one).n])));
    const now = [...means[0].keys()];
    if (!now.length) return [0, 0];
    const [, between] = pauleMandel(now.map((key) => means[0].get(key)), now.map((key) => counts[0].get(key)), within);
    const both = now.filter((key) => means[1].has(key));
    if (both.length < 3 || between <= 0) return [between, 0];
    const loud = both.map((key) => (counts[0].get(key) * counts[1].get(key)) / (counts[0].get(key) + counts[1].get(key)));
    const centres = means.map((month) => centre(both.map((key) => month.get(key)), loud));
    const shared = fsum(both.map((key, i) => loud[i] * (means[0].get(key) - centres[0]) * (means[1].get(key) - centres[1])));
    return [between, Math.min(1, Math.max(0, shared / fsum(loud) / between))];
  };
  const estimate = (all) => {
    const keys = [...all].filter(([, weights]) => weights.length).map(([key]) => key);
    if (!keys.length) return { mu: 50, within: 0, between: 0, ratio: 0, k: SMALL_LEAGUE_K, targets: 0, month_between: 0, steadiness: 0 };
    const sums = keys.map((key) => addUp(all.get(key))), means = adjustedMeans(all);
    const freedom = fsum(sums.map((one) => one.freedom));
    const within = freedom > 0 ? fsum(sums.map((one) => one.deviation)) / freedom : 0;
    const [mu, between] = pauleMandel(keys.map((key) => means.get(key)), sums.map((one) => one.n), within);
    const ratio = between > 0 ? within / between : 0, small = keys.length < SMALL_LEAGUE;
    const [monthBetween, steadiness] = betweenMonths(all, within);
    return {
      mu, within, ratio, steadiness,
      between: small ? Math.max(between, within / SMALL_LEAGUE_K) : between,
      k: small ? SMALL_LEAGUE_K : Math.max(LEAST_K, ratio),
      targets: keys.length,
      month_between: monthBetween,
    };
  };
  const scoreOf = (weights, mean, p, rules) => {
    const sums = addUp(weights), n = mean === null ? 0 : sums.n, reliability = n / (n + p.k);
    const value = mean === null ? p.mu : p.mu + (n / (n + p.k)) * (mean - p.mu);
    const anyone = rules.verification === "none";
    const valid = weights.filter(([t]) => t.back === 0 && (anyone || t.verified)).reduce((sum, [t]) => sum + t.ratings, 0);
    const enough = valid >= rules.minimum && reliability >= rules.reliability;
    const wanted = (p.k * rules.reliability) / (1 - rules.reliability);
    let variance = p.between * (1 - reliability);
    if (sums.weight) {
      const [one, two] = [1, 2].map((back) => fsum(weights.filter(([t]) => t.back === back).map(([t, w]) => w * t.ratings)) / sums.weight);
      const phi = p.steadiness;
      const drift = 2 * one * one * (1 - phi) + 2 * two * two * (1 - phi * phi) + 2 * one * two * (1 - phi * phi);
      variance += reliability * reliability * p.month_between * drift;
    }
    const missing = enough ? 0 : Math.max(1, Math.ceil(wanted - n - 1e-9), rules.minimum - valid);
    return { value, mean, n, reliability, variance, enough, missing };
  };

  // --- criteria ---
  const measure = (fields) => ({ value: 0, variance: 0, enough: true, missing: 0, mean: null, n: 0, reliability: 1, ...fields });
  const each = (people, make) => new Map([...people].map(([key, facts]) => [key, make(facts)]));
  const marks = (usual) => (people, share) => {
    const least = share.options.least ?? usual;
    return [each(people, (facts) => {
      const given = facts.marks[share.name] || [], count = given.length, missing = Math.max(0, least - count);
      if (!count) return measure({ enough: false, missing });
      const mean = fsum(given) / count;
      const spread = count > 1 ? fsum(given.map((x) => (x - mean) * (x - mean))) / (count - 1) / count : 0;
      return measure({ value: mean, variance: spread, enough: !missing, missing, mean, n: count });
    }), { least }];
  };
  const CRITERIA = {
    patient_ratings: (people, share, rules) => {
      const all = each(people, (facts) => weighed(facts.ratings, rules)), p = estimate(all), means = adjustedMeans(all);
      return [new Map([...all].map(([key, weights]) => [key, measure(scoreOf(weights, means.has(key) ? means.get(key) : null, p, rules))])), p];
    },
    peer_review: marks(3), expert_score: marks(3), quality_audit: marks(1), service_code: marks(1),
    complaints: (people, share) => {
      const worst = share.options.worst ?? 10, served = fsum([...people.values()].map((facts) => facts.visits));
      const found = [...people.values()].reduce((sum, facts) => sum + facts.complaints, 0);
      const rate = Math.max(served ? found / served : 0, 0.1 / 1000);
      return [each(people, (facts) => {
        const shrunk = (1000 * (facts.complaints + 1)) / (facts.visits + 1 / rate);
        return measure({ value: Math.min(100, Math.max(0, 100 * (1 - shrunk / worst))) });
      }), { rate: rate * 1000, worst }];
    },
    praise: (people, share) => {
      const full = share.options.full ?? 5;
      return [each(people, (facts) => measure({ value: (100 * Math.min(facts.praise, full)) / full })), { full }];
    },
    efficiency: (people, share) => {
      const { figure, worst, best } = share.options;
      return [each(people, (facts) => {
        const told = facts.figures[figure];
        if (told === undefined) return measure({ enough: false, missing: 1 });
        return measure({ value: Math.min(100, Math.max(0, (100 * (told - worst)) / (best - worst))), mean: told });
      }), { worst, best }];
    },
    score_sheet: (people, share, rules) => [each(people, (facts) => {
      if (facts.taken === null) return measure({ enough: false, missing: 1 });
      const left = (item) => Math.max(0, item.most - fsum(facts.taken.filter(([key]) => key === item.key).map(([, points]) => points)));
      return measure({ value: fsum(rules.sheet.map(left)) });
    }), { items: rules.sheet.length }],
  };

  // --- places ---
  const SAME_BAND = 0.2533471031357997, DRAWS = 1000;
  const drawnRanks = (estimates, seed) => {
    const groups = new Map();
    for (const [key, one] of estimates) {
      const name = `${one.value}|${one.variance}`;
      if (!groups.has(name)) groups.set(name, { ...one, keys: [] });
      groups.get(name).keys.push(key);
    }
    const alike = [...groups.values()].sort((a, b) => a.value - b.value || a.variance - b.variance), spread = [];
    for (const one of alike) for (let i = 0; i < one.keys.length; i++) spread.push([one.value, Math.sqrt(one.variance)]);
    const ranks = spread.map(() => []), chance = generator(seed), values = new Float64Array(spread.length);
    const order = spread.map((_, i) => i);
    for (let draw = 0; draw < DRAWS; draw++) {
      spread.forEach(([value, deviation], i) => { values[i] = -value - deviation * quantiles[Math.floor(chance() * quantiles.length)]; });
      order.sort((a, b) => values[a] - values[b] || a - b);
      order.forEach((who, place) => ranks[who].push(place + 1));
    }
    const found = new Map();
    let place = 0;
    for (const one of alike) {
      const shared = ranks.slice(place, place + one.keys.length).flat().sort((a, b) => a - b);
      one.keys.forEach((key) => found.set(key, shared));
      place += one.keys.length;
    }
    return found;
  };
  const standings = (estimates, seed) => {
    const told = (key) => round6(estimates.get(key).value);
    const order = [...estimates.keys()].sort((a, b) => told(b) - told(a) || estimates.get(a).variance - estimates.get(b).variance
      || estimates.get(b).value - estimates.get(a).value || a - b);
    const drawn = drawnRanks(estimates, seed), best = Math.ceil(order.length / 10), starts = [0];
    for (let i = 1; i < order.length; i++) {
      const a = estimates.get(order[starts[starts.length - 1]]), b = estimates.get(order[i]);
      const spread = Math.sqrt(a.variance + b.variance), difference = a.value - b.value;
      const ahead = spread === 0 ? (difference === 0 ? 0 : difference > 0 ? Infinity : -Infinity) : difference / spread;
      if (ahead >= SAME_BAND && told(order[i]) !== told(order[i - 1])) starts.push(i);
    }
    const found = new Map();
    let rank = 0;
    order.forEach((key, i) => {
      if (i === 0 || told(key) !== told(order[i - 1])) rank = i + 1;
      const ranks = drawn.get(key), edge = Math.floor(ranks.length * 0.05);
      const band = starts.filter((start) => start <= i).length - 1;
      found.set(key, {
        rank,
        low: Math.min(rank, ranks[edge]),
        high: Math.max(rank, ranks[ranks.length - 1 - edge]),
        band_first: starts[band] + 1,
        band_last: band + 1 < starts.length ? starts[band + 1] : order.length,
        top_decile: round6(ranks.filter((one) => one <= best).length / ranks.length),
      });
    });
    return found;
  };

  // --- boards and honours ---
  const publicKeys = (listed, most) => {
    const limit = Math.min(most, Math.ceil(listed.length / 2));
    if (limit >= listed.length) return new Set(listed.map((row) => row.key));
    let shown = listed.filter((row) => row.rank <= limit);
    const last = shown.length ? shown[shown.length - 1].rank : 0;
    if (shown.length > limit && last > 1) shown = shown.filter((row) => row.rank < last);
    return new Set(shown.map((row) => row.key));
  };
  const within = (rows, league) => {
    const taken = [];
    for (const one of rows) {
      if (league.winners && taken.length >= league.winners && one.score !== taken[taken.length - 1].score) break;
      const ofUnit = taken.filter((other) => other.unit === one.unit);
      if (league.most_per_unit && ofUnit.length >= league.most_per_unit && one.score !== ofUnit[ofUnit.length - 1].score) continue;
      taken.push(one);
    }
    return taken;
  };
  const honour = (rules, league, rows) => {
    const listed = rows.filter((row) => row.listed), shown = publicKeys(listed, rules.public_top);
    const hearsPatients = rules.shares.some((share) => share.kind === "patient_ratings");
    if (rules.verification === "none" && hearsPatients && !rules.honours_unverified) return;
    const sheet = rules.shares.find((share) => share.kind === "score_sheet");
    const tierOf = (row) => (rules.tiers.find((tier) => row.parts[sheet.name] >= tier.least) || { key: "" }).key;
    let chosen;
    if (rules.tiers.length) {
      const passed = listed.filter(tierOf);
      chosen = league.winners || league.most_per_unit ? within(passed, league) : passed;
    } else {
      chosen = within(league.winners ? listed : listed.filter((row) => shown.has(row.key)), league);
    }
    for (const row of chosen) { row.won = true; row.tier = rules.tiers.length ? tierOf(row) : ""; }
  };
  const settle = (rules, league, period, people) => {
    const measured = new Map(), parameters = {};
    for (const share of rules.shares) {
      const [values, told] = CRITERIA[share.kind](people, share, rules);
      measured.set(share.name, values);
      parameters[share.name] = told;
    }
    const leading = measured.has("patient_ratings") ? "patient_ratings" : rules.shares[0].name, ranked = new Map(), rows = [];
    for (const [key, facts] of people) {
      const parts = rules.shares.map((share) => [share.weight / 100, measured.get(share.name).get(key), share.name]);
      const whole = {
        ...measured.get(leading).get(key),
        value: fsum(parts.map(([w, one]) => w * one.value)),
        variance: fsum(parts.map(([w, one]) => w * w * one.variance)),
        enough: parts.every(([, one]) => one.enough),
      };
      if (whole.enough) ranked.set(key, { value: whole.value, variance: whole.variance });
      const now = facts.ratings.filter((t) => t.back === 0), sum = (list) => list.reduce((total, t) => total + t.ratings, 0);
      rows.push({
        key, unit: facts.unit,
        listed: whole.enough,
        missing: measured.has("patient_ratings") ? measured.get("patient_ratings").get(key).missing : 0,
        score: round6(whole.value),
        mean: whole.mean === null ? null : round6(whole.mean),
        n: round6(whole.n),
        reliability: round6(whole.reliability),
        variance: round6(whole.variance),
        valid: sum(now),
        earlier: sum(facts.ratings.filter((t) => t.back > 0)),
        counts: [1, 2, 3, 4, 5].map((stars) => sum(now.filter((t) => t.stars === stars))),
        not_counted: facts.not_counted,
        parts: Object.fromEntries(parts.map(([, one, name]) => [name, round6(one.value)])),
        waiting: parts.filter(([, one, name]) => name !== "patient_ratings" && !one.enough).map(([, , name]) => name),
        rank: 0, low: 0, high: 0, band_first: 0, band_last: 0, top_decile: 0, won: false, tier: "",
      });
    }
    const places = standings(ranked, `${rules.key}:${period}:${league.key}`);
    for (const row of rows) Object.assign(row, places.get(row.key) || {});
    rows.sort((a, b) => b.listed - a.listed || a.rank - b.rank || b.score - a.score || a.key - b.key);
    honour(rules, league, rows);
    return { rows, parameters };
  };

  // --- lines ---
  const table = (entries) => `{${entries.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([k, v]) => `${JSON.stringify(k)}:${v}`).join(",")}}`;
  const FLOATS = new Set(["score", "mean", "n", "reliability", "variance", "top_decile"]);
  const rowLine = (row) => {
    const told = Object.entries(row).filter(([name]) => name !== "key" && name !== "unit").map(([name, value]) => {
      if (FLOATS.has(name)) return [name, asFloat(value)];
      if (name === "parts") return [name, table(Object.entries(value).map(([k, v]) => [k, asFloat(v)]))];
      if (name === "not_counted") return [name, table(Object.entries(value).map(([k, v]) => [k, String(v)]))];
      return [name, JSON.stringify(value)];
    });
    return table([["c", String(row.key)], ["expected", table(told)]]);
  };
  const parameterLine = (league, parameters) => {
    const shares = Object.entries(parameters).map(([name, told]) => [name, table(Object.entries(told).map(([k, v]) =>
      [k, k === "targets" ? String(v) : asFloat(round6(v))]))]);
    return table([["expected", table([["league", JSON.stringify(league.key)], ["parameters", table(shares)]])]]);
  };
  const peopleOf = (read) => {
    const people = new Map();
    for (const fact of read) {
      if (!("c" in fact) || "expected" in fact) continue;
      if ("unit" in fact) {
        people.set(fact.c, { league: fact.league, unit: fact.unit, ratings: [], not_counted: {}, marks: {}, figures: {}, taken: null, praise: 0, complaints: 0, visits: 0 });
        continue;
      }
      const one = people.get(fact.c);
      if ("stars" in fact) one.ratings.push({ stratum: "", ...fact });
      else if ("not_counted" in fact) one.not_counted[fact.not_counted] = fact.ratings;
      else if ("share" in fact) (one.marks[fact.share] ||= []).push(fact.points);
      else if ("figure" in fact) one.figures[fact.figure] = fact.value;
      else if ("inspected" in fact) one.taken ||= [];
      else if ("item" in fact) (one.taken ||= []).push([fact.item, fact.taken]);
      else for (const name of ["praise", "complaints", "visits"]) if (name in fact) one[name] = fact[name];
    }
    for (const one of people.values()) one.ratings.sort((a, b) => a.back - b.back || a.stars - b.stars || a.ratings - b.ratings
      || a.verified - b.verified || (a.stratum < b.stratum ? -1 : a.stratum > b.stratum ? 1 : 0));
    return people;
  };
  const counted = (lines) => { const found = new Map(); lines.forEach((one) => found.set(one, (found.get(one) || 0) + 1)); return found; };

  // What the kit says about itself and what its evidence gives. Throws for a text that is no kit.
  return (text) => {
    const lines = text.split("\n");
    if (lines[lines.length - 1] === "") lines.pop();
    const read = lines.map((one) => JSON.parse(one)), head = read[0];
    if (head.kit !== 1) throw new Error("kit");
    const rules = head.rules, told = "seal" in read[read.length - 1] ? read[read.length - 1].seal : "";
    rules.shares.forEach((share) => { share.name = share.key || share.kind; });
    const body = told ? lines.slice(0, -1) : lines, people = peopleOf(read), found = [], leagues = [];
    for (const league of rules.leagues) {
      const mine = new Map([...people].filter(([, one]) => one.league === league.key));
      const result = settle(rules, league, head.period, mine);
      leagues.push({ league, rows: result.rows });
      found.push(parameterLine(league, result.parameters));
      found.push(...[...result.rows].sort((a, b) => a.key - b.key).map(rowLine));
    }
    const wanted = lines.filter((_, i) => "expected" in read[i]), a = counted(wanted), b = counted(found);
    const differing = [...wanted.filter((one) => (b.get(one) || 0) < a.get(one)).map((one) => "- " + one),
      ...found.filter((one) => (a.get(one) || 0) < b.get(one)).map((one) => "+ " + one)];
    const seal = sha256(new TextEncoder().encode(body.map((one) => one + "\n").join("")));
    return { award: rules.key, title: rules.title, period: head.period, seal, told, candidates: people.size, leagues, differing, equal: !differing.length && seal === told };
  };
};
