DELETE FROM headrace_rates WHERE bucket < ?
