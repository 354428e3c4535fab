#if canImport(Darwin)
import Darwin
#elseif canImport(Musl)
import Musl
#else
import Glibc
#endif

/// The name and the address of this machine.
struct Machine: Sendable {
    var name: String?
    var address: String?

    static let current = Machine(name: hostName(), address: outwardAddress())

    private static func hostName() -> String? {
        var buffer = [UInt8](repeating: 0, count: 256)
        let isRead = buffer.withUnsafeMutableBytes { bytes in
            guard let name = bytes.bindMemory(to: CChar.self).baseAddress else { return false }
            return gethostname(name, bytes.count - 1) == 0
        }
        return isRead ? String(decoding: buffer.prefix { $0 != 0 }, as: UTF8.self) : nil
    }

    /// The address from which packets go out. Nothing is sent: the system chooses it when a datagram socket is connected.
    private static func outwardAddress() -> String? {
        let descriptor = socket(AF_INET, datagramSocket, 0)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(53).bigEndian
        address.sin_addr.s_addr = UInt32(0x0808_0808)
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isKnown = withUnsafeMutableBytes(of: &address) { bytes in
            let pointer = bytes.baseAddress?.assumingMemoryBound(to: sockaddr.self)
            return connect(descriptor, pointer, length) == 0 && getsockname(descriptor, pointer, &length) == 0
        }
        guard isKnown else { return nil }
        let number = UInt32(bigEndian: address.sin_addr.s_addr)
        return [24, 16, 8, 0].map { String(number >> $0 & 255) }.joined(separator: ".")
    }
}

#if canImport(Darwin) || canImport(Musl)
let datagramSocket = SOCK_DGRAM
#else
let datagramSocket = Int32(SOCK_DGRAM.rawValue)
#endif
