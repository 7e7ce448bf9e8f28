import Glue
import GlueModel
import Kernel
import LakeFiles
import LakeTesting
import StorageTesting
import Testing

/// Rulesets, and runs of them over tables.
@Suite struct DataQualityTests {
  // MARK: Rulesets

  @Test func `a ruleset is kept, shown, changed and deleted`() async throws {
    let fixture = QualityFixture()
    let (service, context) = (fixture.service, fixture.context)
    let made = try await service.createDataQualityRuleset(
      CreateDataQualityRulesetInput(
        name: "checks", description: "first", ruleset: "Rules = [ RowCount > 1, IsComplete \"id\" ]",
        tags: ["team": "sales"], targetTable: DataQualityTargetTable(tableName: "orders", databaseName: "lake")),
      context)
    #expect(made.name == "checks")
    let shown = try await service.getDataQualityRuleset(GetDataQualityRulesetInput(name: "checks"), context)
    #expect(shown.ruleset == "Rules = [ RowCount > 1, IsComplete \"id\" ]")
    #expect(shown.targetTable?.tableName == "orders")
    let changed = try await service.updateDataQualityRuleset(
      UpdateDataQualityRulesetInput(name: "checks", ruleset: "Rules = [ RowCount > 2 ]"), context)
    #expect(changed.description == "first")
    let listed = try await service.listDataQualityRulesets(ListDataQualityRulesetsInput(), context)
    #expect(listed.rulesets?.map(\.ruleCount) == [1])
    let arn = "arn:aws:glue:us-east-1:000000000000:dataQualityRuleset/checks"
    #expect(try await service.getTags(GetTagsInput(resourceArn: arn), context).tags == ["team": "sales"])
    _ = try await service.deleteDataQualityRuleset(DeleteDataQualityRulesetInput(name: "checks"), context)
    let gone = await awsError {
      _ = try await service.getDataQualityRuleset(GetDataQualityRulesetInput(name: "checks"), context)
    }
    #expect(gone?.code == "EntityNotFoundException")
  }

  @Test func `what is no ruleset changes nothing`() async throws {
    let fixture = QualityFixture()
    let wrong = await awsError { try await fixture.create("wrong", "Rules = [ Foo ]") }
    #expect(wrong?.code == "InvalidInputException")
    #expect(wrong?.message == "Parsing Error: Rule Type: Foo is not valid")
    try await fixture.create("right", "Rules = [ RowCount > 1 ]")
    let twice = await awsError { try await fixture.create("right", "Rules = [ RowCount > 2 ]") }
    #expect(twice?.code == "AlreadyExistsException")
    let update = await awsError {
      _ = try await fixture.service.updateDataQualityRuleset(
        UpdateDataQualityRulesetInput(name: "right", ruleset: "nonsense"), fixture.context)
    }
    #expect(update?.code == "InvalidInputException")
    let kept = try await fixture.service.getDataQualityRuleset(
      GetDataQualityRulesetInput(name: "right"), fixture.context)
    #expect(kept.ruleset == "Rules = [ RowCount > 1 ]")
  }

  @Test func `rulesets are listed in pages, by filter and tag`() async throws {
    let fixture = QualityFixture()
    for number in 1...5 {
      try await fixture.create("r\(number)", "Rules = [ RowCount > 1 ]", tags: ["odd": number % 2 == 1 ? "yes" : "no"])
    }
    var names: [String] = []
    var token: String?
    repeat {
      let page = try await fixture.service.listDataQualityRulesets(
        ListDataQualityRulesetsInput(nextToken: token, maxResults: 2), fixture.context)
      names += (page.rulesets ?? []).compactMap(\.name)
      token = page.nextToken
    } while token != nil
    #expect(names == ["r1", "r2", "r3", "r4", "r5"])
    let odd = try await fixture.service.listDataQualityRulesets(
      ListDataQualityRulesetsInput(tags: ["odd": "yes"]), fixture.context)
    #expect(odd.rulesets?.compactMap(\.name) == ["r1", "r3", "r5"])
    let named = try await fixture.service.listDataQualityRulesets(
      ListDataQualityRulesetsInput(filter: DataQualityRulesetFilterCriteria(name: "r2")), fixture.context)
    #expect(named.rulesets?.compactMap(\.name) == ["r2"])
  }

  // MARK: Runs

  @Test func `a run reads the table's partitions and keeps its results`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create(
      "checks",
      """
      Rules = [ RowCount = 4, IsComplete "state", Completeness "amount" > 0.5, ColumnValues "day" >= "2026-01-01",
        CustomSql "select count(distinct day) from primary" = 2 labels=["tier"="1"] ]
      Analyzers = [ Mean "amount" ]
      """)
    try await fixture.create("more", "Rules = [ ColumnCount = 4 ]")
    let id = try await fixture.start(
      ["checks", "more"],
      options: DataQualityEvaluationRunAdditionalRunOptions(
        cloudWatchMetricsEnabled: true, resultsS3Prefix: "s3://lake/results"))
    let run = try await fixture.ended(id)
    #expect(run.status == .succeeded, "\(run.errorString ?? "")")
    #expect(run.resultIds?.count == 2)
    let result = try await fixture.result(try #require(run.resultIds?.first))
    #expect(result.score == 0.8)
    #expect(result.rulesetName == "checks")
    #expect(result.rulesetEvaluationRunId == id)
    #expect(result.ruleResults?.map(\.result) == [.pass, .fail, .pass, .pass, .pass])
    #expect(result.ruleResults?.map(\.name) == ["Rule_1", "Rule_2", "Rule_3", "Rule_4", "Rule_5"])
    #expect(result.ruleResults?[1].evaluationMessage == "Value: 0.75 does not meet the constraint requirement!")
    #expect(result.ruleResults?[1].evaluatedMetrics == ["Column.state.Completeness": 0.75])
    #expect(result.ruleResults?[4].labels == ["tier": "1"])
    #expect(result.analyzerResults?[0].evaluatedMetrics == ["Column.amount.Mean": 12.5])
    #expect(result.aggregatedMetrics?.totalRulesFailed == 1)
    let samples = fixture.metrics.samples
    #expect(samples.map(\.name) == ["passed", "failed", "passed", "failed"].map { "glue.data.quality.rules." + $0 })
    #expect(samples.map(\.value) == [4, 1, 1, 0])
    #expect(Set(samples.map(\.namespace)) == ["Glue Data Quality"])
    let objects = fixture.lake.paths.filter { $0.hasPrefix("s3://lake/results/dqresult-") }
    #expect(objects.count == 2)
    let lines = objects.compactMap { fixture.lake[$0] }.map { String(decoding: $0, as: UTF8.self) }
    #expect(lines.joined().contains(#""outcome":"Failed""#))
    #expect(lines.joined().split(separator: "\n").count == 6)
  }

  @Test func `runs and results are listed, the newest first`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create("checks", "Rules = [ RowCount > 1 ]")
    var ids: [String] = []
    for _ in 0..<3 {
      ids.append(try await fixture.start(["checks"]))
      _ = try await fixture.ended(ids[ids.count - 1])
      fixture.clock.advance(by: .seconds(1))
    }
    let first = try await fixture.service.listDataQualityRulesetEvaluationRuns(
      ListDataQualityRulesetEvaluationRunsInput(maxResults: 2), fixture.context)
    #expect(first.runs?.compactMap(\.runId) == [ids[2], ids[1]])
    let second = try await fixture.service.listDataQualityRulesetEvaluationRuns(
      ListDataQualityRulesetEvaluationRunsInput(nextToken: first.nextToken), fixture.context)
    #expect(second.runs?.compactMap(\.runId) == [ids[0]])
    let results = try await fixture.service.listDataQualityResults(ListDataQualityResultsInput(), fixture.context)
    #expect(results.results.count == 3)
    let found = try await fixture.service.batchGetDataQualityResult(
      BatchGetDataQualityResultInput(resultIds: results.results.compactMap(\.resultId) + ["dqresult-none"]),
      fixture.context)
    #expect(found.results.count == 3)
    #expect(found.resultsNotFound == ["dqresult-none"])
    let others = try await fixture.service.listDataQualityResults(
      ListDataQualityResultsInput(
        filter: DataQualityResultFilterCriteria(
          dataSource: DataSource(glueTable: GlueTable(databaseName: "lake", tableName: "other")))), fixture.context)
    #expect(others.results.isEmpty)
  }

  @Test func `what cannot begin says so and leaves nothing`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create("checks", "Rules = [ RowCount > 1 ]")
    let unknown = await awsError { _ = try await fixture.start(["nothing"]) }
    #expect(unknown?.code == "EntityNotFoundException")
    let role = await awsError {
      _ = try await fixture.service.startDataQualityRulesetEvaluationRun(
        StartDataQualityRulesetEvaluationRunInput(
          dataSource: QualityFixture.orders, role: "nobody", rulesetNames: ["checks"]), fixture.context)
    }
    #expect(role?.code == "InvalidInputException")
    #expect(role?.message.contains("unable to assume") == true)
    let source = await awsError { _ = try await fixture.start(["checks"], source: DataSource()) }
    #expect(source?.code == "InvalidInputException")
    let place = await awsError {
      _ = try await fixture.start(
        ["checks"], options: DataQualityEvaluationRunAdditionalRunOptions(resultsS3Prefix: "s3://"))
    }
    #expect(place?.code == "InvalidInputException")
    let runs = try await fixture.service.listDataQualityRulesetEvaluationRuns(
      ListDataQualityRulesetEvaluationRunsInput(), fixture.context)
    #expect(runs.runs?.isEmpty == true)
  }

  @Test func `a run that cannot read fails with the reason`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create("checks", "Rules = [ RowCount > 1, Mean \"amount\" > 1 ]")
    let missing = try await fixture.ended(
      try await fixture.start(
        ["checks"], source: DataSource(glueTable: GlueTable(databaseName: "lake", tableName: "none"))))
    #expect(missing.status == .failed)
    #expect(missing.errorString == "Entity Not Found (EntityNotFoundException)")
    fixture.lake.deny { action, path, _ in action == "s3:GetObject" && path.key.hasSuffix("b.csv") }
    let denied = try await fixture.ended(try await fixture.start(["checks"]))
    #expect(denied.status == .failed)
    #expect(denied.errorString?.contains("s3:GetObject") == true)
    #expect(denied.resultIds == nil)
    let results = try await fixture.service.listDataQualityResults(ListDataQualityResultsInput(), fixture.context)
    #expect(results.results.isEmpty)
  }

  @Test func `a token begins one run`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create("checks", "Rules = [ RowCount > 1 ]")
    try await fixture.create("more", "Rules = [ RowCount > 1 ]")
    let first = try await fixture.start(["checks"], token: "t")
    #expect(try await fixture.start(["checks"], token: "t") == first)
    let other = await awsError { _ = try await fixture.start(["more"], token: "t") }
    #expect(other?.code == "ConflictException")
    _ = try await fixture.ended(first)
  }

  @Test func `a run that is stopped, or takes too long, keeps no result`() async throws {
    let gate = Gate()
    let fixture = try await QualityFixture.make(broker: Broker(gate: gate))
    try await fixture.create("checks", "Rules = [ RowCount > 1 ]")
    let stopped = try await fixture.start(["checks"])
    while await gate.reached == 0 { await Task.yield() }
    _ = try await fixture.service.cancelDataQualityRulesetEvaluationRun(
      CancelDataQualityRulesetEvaluationRunInput(runId: stopped), fixture.context)
    #expect(try await fixture.run(stopped).status == .stopping)
    let slow = try await fixture.start(["checks"], timeout: 1)
    while await gate.reached < 2 { await Task.yield() }
    while fixture.clock.sleeping < 1 { await Task.yield() }
    fixture.clock.advance(by: .seconds(61))
    await gate.open()
    #expect(try await fixture.ended(stopped).status == .stopped)
    #expect(try await fixture.ended(slow).status == .timeout)
    let results = try await fixture.service.listDataQualityResults(ListDataQualityResultsInput(), fixture.context)
    #expect(results.results.isEmpty)
    let late = await awsError {
      _ = try await fixture.service.cancelDataQualityRulesetEvaluationRun(
        CancelDataQualityRulesetEvaluationRunInput(runId: stopped), fixture.context)
    }
    #expect(late?.code == "InvalidInputException")
  }

  @Test func `a run that the end of the process interrupted has failed`() async throws {
    let gate = Gate()
    let fixture = try await QualityFixture.make(broker: Broker(gate: gate))
    try await fixture.create("checks", "Rules = [ RowCount > 1 ]")
    let id = try await fixture.start(["checks"])
    while await gate.reached == 0 { await Task.yield() }
    // Another process over the same store.
    let next = QualityFixture(keys: fixture.keys)
    try await next.service.recover()
    let run = try await next.run(id)
    #expect(run.status == .failed)
    #expect(run.errorString == "The server stopped while the run was under way.")
    await gate.open()
  }

  // MARK: History

  @Test func `rules look back on earlier runs, and excluded values do not count`() async throws {
    let fixture = try await QualityFixture.make()
    try await fixture.create("checks", "Rules = [ RowCount >= 4 * last() - 12 ] Analyzers = [ RowCount ]")
    let first = try await fixture.results(["checks"])[0]
    #expect(first.ruleResults?[0].evaluationMessage?.contains("empty list") == true)
    fixture.clock.advance(by: .seconds(1))
    let second = try await fixture.results(["checks"])[0]
    #expect(second.ruleResults?[0].result == .pass)
    #expect(second.ruleResults?[0].evaluatedRule == "RowCount >= 4.0")
    let profile = try #require(second.profileId)
    let statistics = try await fixture.service.listDataQualityStatistics(
      ListDataQualityStatisticsInput(profileId: profile), fixture.context)
    let statistic = try #require(statistics.statistics?.first)
    #expect(statistic.statisticName == "RowCount")
    #expect(statistic.evaluationLevel == .dataset)
    #expect(statistic.doubleValue == 4)
    let series = try await fixture.service.listDataQualityStatistics(
      ListDataQualityStatisticsInput(statisticId: statistic.statisticId), fixture.context)
    #expect(series.statistics?.count == 2)
    // Excluding both leaves nothing to look back on.
    for id in [try #require(first.profileId), profile] {
      _ = try await fixture.service.putDataQualityProfileAnnotation(
        PutDataQualityProfileAnnotationInput(profileId: id, inclusionAnnotation: .exclude), fixture.context)
    }
    fixture.clock.advance(by: .seconds(1))
    let third = try await fixture.results(["checks"])[0]
    #expect(third.ruleResults?[0].evaluationMessage?.contains("empty list") == true)
    let annotations = try await fixture.service.listDataQualityStatisticAnnotations(
      ListDataQualityStatisticAnnotationsInput(), fixture.context)
    #expect(annotations.annotations?.count == 2)
    let put = try await fixture.service.batchPutDataQualityStatisticAnnotation(
      BatchPutDataQualityStatisticAnnotationInput(inclusionAnnotations: [
        DatapointInclusionAnnotation(
          profileId: profile, statisticId: statistic.statisticId, inclusionAnnotation: .include),
        DatapointInclusionAnnotation(profileId: "none", statisticId: "none", inclusionAnnotation: .include),
      ]), fixture.context)
    #expect(put.failedInclusionAnnotations?.count == 1)
    let model = await awsError {
      _ = try await fixture.service.getDataQualityModel(GetDataQualityModelInput(profileId: profile), fixture.context)
    }
    #expect(model?.code == "EntityNotFoundException")
  }

  // MARK: Recommendations

  @Test func `recommended rules hold for the data that they were made from`() async throws {
    let fixture = try await QualityFixture.make()
    let started = try await fixture.service.startDataQualityRuleRecommendationRun(
      StartDataQualityRuleRecommendationRunInput(
        dataSource: QualityFixture.orders, role: QualityFixture.role, createdRulesetName: "recommended"),
      fixture.context)
    let id = try #require(started.runId)
    var run = GetDataQualityRuleRecommendationRunOutput()
    repeat {
      run = try await fixture.service.getDataQualityRuleRecommendationRun(
        GetDataQualityRuleRecommendationRunInput(runId: id), fixture.context)
      await Task.yield()
    } while run.completedOn == nil
    #expect(run.status == .succeeded, "\(run.errorString ?? "")")
    let text = try #require(run.recommendedRuleset)
    #expect(text.contains("IsComplete \"id\""))
    #expect(text.contains("Completeness \"state\" >= 0.7"))
    let result = try await fixture.results(["recommended"])[0]
    #expect(result.score == 1, "\(text)\n\(result.ruleResults ?? [])")
    let listed = try await fixture.service.listDataQualityRuleRecommendationRuns(
      ListDataQualityRuleRecommendationRunsInput(
        filter: DataQualityRuleRecommendationRunFilter(dataSource: QualityFixture.orders)), fixture.context)
    #expect(listed.runs?.map(\.runId) == [id])
  }

  // MARK: Jobs

  @Test func `a job's Parquet is evaluated, and its rows are told`() async throws {
    let fixture = try await QualityFixture.make()
    // Parquet comes from an evaluation's own rows: the text of the table is written by the engine.
    let first = try await fixture.evaluateRows()
    #expect(first.results.map(\.outcome) == ["Passed", "Failed"])
    let path = try #require(first.rowLevelPath)
    let again = try await fixture.service.evaluate(
      JobEvaluationRequest(
        ruleset: "Rules = [ RowCount = 2, ColumnValues \"DataQualityEvaluationResult\" in [\"Passed\",\"Failed\"] ]",
        primary: path, additional: ["other": path], context: "again", jobName: "job", jobRun: "jr_1"), fixture.context)
    #expect(again.results.map(\.outcome) == ["Passed", "Passed"], "\(again)")
    let kept = try await fixture.result(again.resultId)
    #expect(kept.jobName == "job" && kept.jobRunId == "jr_1" && kept.evaluationContext == "again")
    let wrong = await awsError {
      _ = try await fixture.service.evaluate(
        JobEvaluationRequest(ruleset: "Rules = [ ]", primary: path), fixture.context)
    }
    #expect(wrong?.code == "InvalidInputException")
    let nothing = await awsError {
      _ = try await fixture.service.evaluate(
        JobEvaluationRequest(ruleset: "Rules = [ RowCount > 1 ]", primary: "s3://lake/none/"), fixture.context)
    }
    #expect(nothing?.code == "InvalidInputException")
  }

  @Test func `calls of a job are read from JSON`() throws {
    let body = """
      {"Ruleset": "Rules = [ RowCount > 1 ]", "Primary": "s3://b/p/", "Additional": {"Ref": "s3://b/r/"},
       "Context": "", "RowLevel": true, "Options": {"a.b": "SKIPPED", "x": true, "y": {"z": "1", "w": [1], "v": 2}}}
      """
    let request = try JobEvaluationRequest(json: Array(body.utf8), jobName: "j", jobRun: nil)
    #expect(request.additional == ["Ref": "s3://b/r/"])
    #expect(request.context == "default_context" && request.wantsRows)
    #expect(request.options == ["a.b": "SKIPPED", "x": "true", "y.z": "1", "y.v": "2.0"])
    #expect(throws: AWSError.self) { try JobEvaluationRequest(json: Array("{}".utf8), jobName: nil, jobRun: nil) }
  }
}

extension QualityFixture {
  /// Evaluates two rows of Parquet that are made here.
  func evaluateRows() async throws -> JobEvaluationAnswer {
    try await write("SELECT * FROM (VALUES (1, 'a'), (2, NULL)) AS t(id, name)", to: "s3://lake/job/part.parquet")
    return try await service.evaluate(
      JobEvaluationRequest(
        ruleset: "Rules = [ RowCount = 2, IsComplete \"name\" ]", primary: "s3://lake/job/", wantsRows: true,
        options: ["enableDataQualityCloudWatchMetrics": "true"]), context)
  }
}
