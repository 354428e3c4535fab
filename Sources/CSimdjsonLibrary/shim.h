// simdjson.h is C++: Sources/CSimdjson includes it. This module carries the compiler and linker flags only.
