package postee

default allow = false

allow {
	input.severity > 3
}
