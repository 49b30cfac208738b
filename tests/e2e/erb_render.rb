# Renders the templates of a BOSH job as the director would: erb_render.rb JOB_FOLDER, on stdin a list of {"spec": what
# is known of the instance, "properties": {"a.b": value}}; on stdout for each {path: text}, or {"error": message} where
# a template refuses.
require "erb"
require "json"
require "ostruct"
require "yaml"

# What a template can call: p, if_p, spec.
class Instance
  # The part after `end.` of an if_p: its block is run where the properties were not given.
  class Otherwise
    def initialize(run)
      @run = run
    end

    def else
      yield if @run
    end
  end

  attr_reader :spec

  def initialize(spec, properties)
    @spec = OpenStruct.new(spec)
    @properties = properties
  end

  def p(names, *default)
    name = Array(names).find { |each| !look_up(each).nil? }
    return look_up(name) if name
    return default.first unless default.empty?

    raise "Can't find property '#{Array(names).join("', or '")}'"
  end

  def if_p(*names)
    values = names.map { |name| look_up(name) }
    return Otherwise.new(true) if values.any?(&:nil?)

    yield(*values)
    Otherwise.new(false)
  end

  def render(text)
    ERB.new(text, trim_mode: "-").result(binding)
  end

  private

  # A property that the job's spec does not name is no property.
  def look_up(name)
    @properties.fetch(name)
  end
end

folder = ARGV.fetch(0)
job = YAML.load_file(File.join(folder, "spec"))
files = job["templates"].to_h { |source, target| [target, File.read(File.join(folder, "templates", source))] }
files["monit"] = File.read(File.join(folder, "monit"))

rendered = JSON.parse($stdin.read).map do |asked|
  unknown = asked["properties"].keys - job["properties"].keys
  abort "no property of the job: #{unknown}" unless unknown.empty?
  properties = job["properties"].transform_values { |definition| definition["default"] }.merge(asked["properties"])
  begin
    files.transform_values { |text| Instance.new(asked["spec"], properties).render(text) }
  rescue StandardError => e
    { "error" => e.message }
  end
end
puts JSON.generate(rendered)
