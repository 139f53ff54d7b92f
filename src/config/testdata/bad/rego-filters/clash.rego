package postee

default allow = true
