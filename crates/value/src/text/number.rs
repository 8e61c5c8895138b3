//! Floating-point numbers as Python writes them.

/// Python's `repr()` of a float: the shortest text that reads back as the same number.
///
/// ```
/// use ksplay_value::text::float;
///
/// assert_eq!(float(1.0), "1.0");
/// assert_eq!(float(1e16), "1e+16");
/// assert_eq!(float(0.00001), "1e-05");
/// assert_eq!(float(f64::INFINITY), "inf");
/// ```
pub fn float(number: f64) -> String {
    if number.is_nan() {
        return "nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "inf" } else { "-inf" }.to_owned();
    }
    let shortest = format!("{number:e}");
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((&shortest, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-4..16).contains(&exponent) {
        let plain = number.to_string();
        return if plain.contains('.') { plain } else { plain + ".0" };
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{mantissa}e{sign}{:02}", exponent.abs())
}
