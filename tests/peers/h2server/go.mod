module pawl/tests/h2server

go 1.24
