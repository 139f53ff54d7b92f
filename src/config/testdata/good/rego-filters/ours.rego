package postee

allow {
	by_team("blue")
}

by_team(name) {
	input.team == name
}
