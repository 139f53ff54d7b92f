package filters.elsewhere

allow {
	input.severity > 3
}
