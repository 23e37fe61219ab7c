-- Tables of our database, and whether each has a project.
SELECT table, countIf(name = 'project') > 0
FROM system.columns
WHERE database = currentDatabase()
GROUP BY table
