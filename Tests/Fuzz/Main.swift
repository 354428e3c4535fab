// The entry of libFuzzer; `fuzz.sh` compiles it with the targets that the tests have.
import Foundation

private let name = ProcessInfo.processInfo.environment["KSER_FUZZ_TARGET"] ?? ""

/// Called by libFuzzer with each input.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let bytes = Array(UnsafeBufferPointer(start: start, count: count))
    do {
        if name == "envelope" {
            try EnvelopeFuzz.check(bytes)
        } else if name == "carrier" {
            try CarrierFuzz.check(bytes)
        } else if let target = FuzzTarget(rawValue: name) {
            try target.check(bytes)
        } else {
            fatalError("KSER_FUZZ_TARGET=\(name) is none")
        }
    } catch {
        FileHandle.standardError.write(Data("\(name): \(error)\n".utf8))
        abort()
    }
    return 0
}
