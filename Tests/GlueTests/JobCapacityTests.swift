import Glue
import Testing

@Suite struct JobCapacityTests {
  @Test func `a run gets what its units have, and no more than the machine`() {
    let runtime = JobRuntime(
      python: nil, packages: "", spark: nil, jars: [], master: nil, folders: [], cores: 6, memoryMiB: 8_192)
    #expect(runtime.memoryMiB(for: JobCapacity(units: 0.0625)) == 1_024)
    #expect(runtime.cores(for: JobCapacity(units: 0.0625)) == 1)
    #expect(runtime.memoryMiB(for: JobCapacity(units: 0.25)) == 4_096)
    #expect(runtime.cores(for: JobCapacity(units: 1)) == 4)
    #expect(runtime.cores(for: JobCapacity(units: 10)) == 6)
    #expect(runtime.memoryMiB(for: JobCapacity(units: 10)) == 8_192)
  }
}
