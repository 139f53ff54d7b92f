package postee

default allow = false

allow {
}
