//! Metrics of every kind with their points.

use super::fields::Reader;
use super::scanner::{Scan, Token};
use super::usual;
use crate::otlp::{Buckets, Exemplar, Metric, MetricKind, Number, Point, Quantile, check};

const TEMPORALITY_NAMES: [&str; 3] = ["UNSPECIFIED", "DELTA", "CUMULATIVE"];

pub(super) fn metric<'a>(reader: &mut Reader<'a>, metric: &mut Metric<'a>) -> Scan<()> {
    let start = reader.scanner.position();
    let cause = match usual::metric(reader, metric) {
        Some(()) => reader.take_fault(),
        None => {
            reader.restart(start);
            let cause;
            (*metric, cause) = any_metric(reader)?;
            cause
        }
    };
    metric.fault = reader.fault_of(cause, start).or_else(|| check::metric(metric, reader.arena()));
    Ok(())
}

/// A metric in any form, and what is wrong with it outside its points.
fn any_metric<'a>(reader: &mut Reader<'a>) -> Scan<(Metric<'a>, Option<&'a str>)> {
    let mut metric = Metric::default();
    let mut points = Vec::new();
    let mut fault = None;
    reader.object_or_fault("metric", |reader, key| {
        let kind = match key {
            "gauge" | "intGauge" | "doubleGauge" => MetricKind::Gauge,
            "sum" | "intSum" | "doubleSum" => MetricKind::Sum,
            "histogram" | "intHistogram" | "doubleHistogram" => MetricKind::Histogram,
            "exponentialHistogram" => MetricKind::ExponentialHistogram,
            "summary" | "doubleSummary" => MetricKind::Summary,
            _ => MetricKind::None,
        };
        if kind != MetricKind::None {
            data(reader, &mut metric, &mut points, kind, key.starts_with("int"))?;
        } else {
            match key {
                "name" => metric.name = reader.text("metric name")?,
                "description" => metric.description = reader.text(key)?,
                "unit" => metric.unit = reader.text(key)?,
                "metadata" => metric.metadata = reader.attributes(key)?,
                _ => reader.scanner.skip()?,
            }
        }
        fault = fault.or(reader.take_fault());
        Ok(())
    })?;
    metric.points = reader.arena().alloc_slice_copy(&points);
    Ok((metric, fault.or(reader.take_fault())))
}

fn data<'a>(
    reader: &mut Reader<'a>,
    metric: &mut Metric<'a>,
    points: &mut Vec<Point<'a>>,
    kind: MetricKind,
    old_int: bool,
) -> Scan<()> {
    let other = metric.kind != kind && !points.is_empty();
    metric.kind = kind;
    reader.object_or_fault("metric data", |reader, key| {
        match key {
            "dataPoints" => {
                // A fault outside the points must not be taken for the first point's.
                let outside = reader.take_fault();
                reader.records_into("dataPoints", points, |reader, place| point(reader, kind, old_int, place))?;
                if let Some(cause) = outside {
                    reader.fail("metric:", cause);
                }
            }
            "aggregationTemporality" => {
                metric.temporality = reader.choice(key, "AGGREGATION_TEMPORALITY_", &TEMPORALITY_NAMES)?;
            }
            "isMonotonic" => metric.is_monotonic = reader.boolean(key)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    if other {
        reader.fail("metric", "has points of more than one kind");
    }
    Ok(())
}

pub(super) fn point<'a>(reader: &mut Reader<'a>, kind: MetricKind, old_int: bool, point: &mut Point<'a>) -> Scan<()> {
    let start = reader.usual_or_any(point, usual::point, |reader| any_point(reader, old_int))?;
    // A summary's sum has no presence: zero is absent, minus zero is not.
    if kind == MetricKind::Summary {
        point.sum = point.sum.filter(|sum| sum.to_bits() != 0);
    }
    let cause = reader.take_fault();
    point.fault = reader.fault_of(cause, start).or_else(|| check::point(point, reader.arena()));
    Ok(())
}

fn any_point<'a>(reader: &mut Reader<'a>, old_int: bool) -> Scan<Point<'a>> {
    let mut point = Point::default();
    reader.object_or_fault("data point", |reader, key| {
        match key {
            "attributes" | "labels" => point.attributes = reader.attributes(key)?,
            "startTimeUnixNano" => point.start_time_unix_nano = reader.u64(key)?,
            "timeUnixNano" => point.time_unix_nano = reader.u64(key)?,
            "asInt" | "asDouble" => point.value = Some(reader.number(key)?),
            "value" => {
                point.value =
                    Some(if old_int { Number::Int(reader.i64(key)?) } else { Number::Double(reader.f64(key)?) });
            }
            "count" => point.count = reader.u64(key)?,
            "sum" => point.sum = Some(reader.f64(key)?),
            "min" => point.min = Some(reader.f64(key)?),
            "max" => point.max = Some(reader.f64(key)?),
            "bucketCounts" => point.bucket_counts = reader.numbers(key, |reader| reader.u64("bucketCounts"))?,
            "explicitBounds" => point.explicit_bounds = reader.numbers(key, |reader| reader.f64("explicitBounds"))?,
            "scale" => point.scale = reader.i32(key)?,
            "zeroCount" => point.zero_count = reader.u64(key)?,
            "zeroThreshold" => point.zero_threshold = reader.f64(key)?,
            "positive" => point.positive = buckets(reader)?,
            "negative" => point.negative = buckets(reader)?,
            "quantileValues" => point.quantile_values = reader.list(key, quantile)?,
            "exemplars" => point.exemplars = reader.list(key, exemplar)?,
            "flags" => point.flags = reader.u32(key)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(point)
}

fn buckets<'a>(reader: &mut Reader<'a>) -> Scan<Buckets<'a>> {
    let mut buckets = Buckets::default();
    reader.object_or_fault("buckets", |reader, key| {
        match key {
            "offset" => buckets.offset = reader.i32("bucket offset")?,
            "bucketCounts" => buckets.bucket_counts = reader.numbers(key, |reader| reader.u64("bucketCounts"))?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(buckets)
}

fn quantile(reader: &mut Reader<'_>) -> Scan<Quantile> {
    let mut quantile = Quantile::default();
    reader.object_or_fault("quantile", |reader, key| {
        match key {
            "quantile" => quantile.quantile = reader.f64(key)?,
            "value" => quantile.value = reader.f64("quantile value")?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(quantile)
}

fn exemplar<'a>(reader: &mut Reader<'a>) -> Scan<Exemplar<'a>> {
    let mut exemplar = Exemplar::default();
    reader.object_or_fault("exemplar", |reader, key| {
        match key {
            "filteredAttributes" | "filteredLabels" => exemplar.filtered_attributes = reader.attributes(key)?,
            "timeUnixNano" => exemplar.time_unix_nano = reader.u64("exemplar timeUnixNano")?,
            "asInt" | "asDouble" => exemplar.value = Some(reader.number(key)?),
            "value" => {
                let quoted = reader.scanner.peek()? == Token::String;
                exemplar.value =
                    Some(if quoted { Number::Int(reader.i64(key)?) } else { Number::Double(reader.f64(key)?) });
            }
            "spanId" => exemplar.span_id = reader.id("exemplar spanId", 8)?,
            "traceId" => exemplar.trace_id = reader.id("exemplar traceId", 16)?,
            _ => reader.scanner.skip()?,
        }
        Ok(())
    })?;
    Ok(exemplar)
}
