# Every target is one verb of bootstrap.sh, which also runs without make: sh bootstrap.sh demo
.PHONY: demo test install check bench up down status logs
demo test install check bench up down:
	@sh bootstrap.sh $@
status:
	@sh bootstrap.sh status $(if $(JSON),--json)
logs:
	@sh bootstrap.sh logs $(PART)
