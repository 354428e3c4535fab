import Kser
import Testing

extension VectorTests {
    @Suite("search")
    struct Search {
        @Test(arguments: VectorFolder.kser("search"))
        func search(_ entry: VectorEntry) async {
            await entry.run { vector in
                let given = try Fields(
                    vector.given,
                    "given",
                    allowing: ["retval", "xpath", "default", "fail_if_no_match"]
                )
                let result = ExecutionResult(retval: try given.object("retval"))
                do {
                    return [
                        "value": try result.search(
                            given.text("xpath"),
                            default: given.object["default"] ?? .null,
                            failIfNoMatch: given.optional("fail_if_no_match", Fields.truth) ?? false
                        )
                    ]
                } catch let error as KserError {
                    return Outcome.raising(error)
                }
            }
        }
    }
}
