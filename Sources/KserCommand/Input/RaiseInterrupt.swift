import Foundation

func raiseInterrupt() { kill(getpid(), SIGINT) }
